"""Looking at a model: translations of a sentence, or a given one, and what was seen for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from attncli.attention_map import SIDES, AttentionMap
from attncli.experiment import Loaded, source_of
from attncli.forced import force
from attncli.looking import gold_links
from attncli.models.decoded import Source
from attncli.objective import shifted
from attncli.pieces import NO_WORD
from attncli.text.documents import heard
from attncli.text.pair import Pair
from attncli.text.piece_model import BOS
from attncli.translate import Translator

CROSS, ENCODER, DECODER = "cross", "encoder", "decoder"
ROWS_AND_COLUMNS = {CROSS: SIDES, ENCODER: ("source", "source"), DECODER: ("target", "target")}
How = Literal["search", "reference"]


@dataclass(frozen=True, eq=False)
class Look:
    """One translation of one sentence, and what was looked at for it.

    maps: "cross", from each target piece to the source; and where the two sides look at themselves
        "encoder" (source to source) and "decoder" (target to the pieces before, `<s>` first).
    how: found by the search, or a reference that was forced.
    score: what the search ranks by; of a reference its log-probability, in nats.
    """

    source: str
    text: str
    how: How
    score: float
    maps: Mapping[str, AttentionMap]

    @property
    def cross(self) -> AttentionMap:
        """What most want to see: the attention to the source."""
        return self.maps[CROSS]


def searched(translator: Translator, pairs: Sequence[Pair]) -> list[list[Look]]:
    """The translations of each source, best first; none where the model has no attention.

    A translation that equals the pair's own target gets the pair's gold links.
    """
    found = []
    lines, documents = [pair.src for pair in pairs], [pair.document for pair in pairs]
    translations = translator.translate(lines, look=True, documents=documents)
    sources = _sources(translator.first, pairs)
    for pair, source, translation in zip(pairs, sources, translations, strict=True):
        looks = []
        for one in translation.hypotheses:
            if one.attention is not None:
                cross = one.attention
                if one.text == pair.tgt:
                    src = source.ids[0].tolist()
                    links = gold_links(translator.codec, pair, src, one.ids)
                    cross = replace(cross, links=links)
                maps = dict(_maps(translator.first, cross, source, one.ids))
                looks.append(Look(pair.src, one.text, "search", one.score, maps))
        found.append(looks)
    return found


def forced(loaded: Loaded, pairs: Sequence[Pair]) -> list[list[Look]]:
    """Each pair's own target; none where the model has no attention."""
    found: list[list[Look]] = []
    _, targets = loaded.codec.encode_pairs([(pair.src, pair.tgt) for pair in pairs])
    scored = force(loaded, pairs, look=True)
    sources = _sources(loaded, pairs)
    for pair, source, one, ids in zip(pairs, sources, scored, targets, strict=True):
        found.append([])
        if one.attention is not None:
            maps = dict(_maps(loaded, one.attention, source, ids))
            found[-1].append(Look(pair.src, pair.tgt, "reference", one.log_prob, maps))
    return found


def _sources(loaded: Loaded, pairs: Sequence[Pair]) -> list[Source]:
    """Each source as the model reads it, after the sentences before it in its document."""
    device = next(loaded.model.parameters()).device
    ids = loaded.codec.encode_source([pair.src for pair in pairs])
    before = heard(ids, pairs, loaded.model.previous)
    return [source_of([own], device, [past]) for own, past in zip(ids, before, strict=True)]


@torch.inference_mode()
def _maps(
    loaded: Loaded, cross: AttentionMap, source: Source, tgt: list[int]
) -> Iterator[tuple[str, AttentionMap]]:
    """The map to the source, and those of each side to itself, from one pass over the pieces."""
    yield CROSS, cross
    own = loaded.model.self_attention(source, shifted(source_of([tgt], source.ids.device).ids))
    written = loaded.codec.tgt.pieces([BOS])
    sides = {
        ENCODER: (cross.src, cross.src_words, cross.src, cross.src_words),
        DECODER: (
            [*written, *cross.tgt[:-1]],
            [NO_WORD, *cross.tgt_words[:-1]],
            cross.tgt,
            cross.tgt_words,
        ),
    }
    for side, weights in own.items():
        src, src_words, tgt_pieces, tgt_words = sides[side]
        yield (
            side,
            AttentionMap(
                src=src,
                tgt=tgt_pieces,
                weights=weights[0].float().cpu().numpy(),
                src_words=src_words,
                tgt_words=tgt_words,
                mechanism=cross.mechanism,
                run=cross.run,
                part=f"{side} self-attention",
                sides=ROWS_AND_COLUMNS[side],
            ),
        )
