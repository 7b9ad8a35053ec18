"""Given translations under a model: their log-probabilities, and what it looked at on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from attncli.attention_map import AttentionMap
from attncli.experiment import Loaded, source_of
from attncli.looking import attention_map
from attncli.objective import shifted
from attncli.products import exact, multiplied
from attncli.text.documents import heard
from attncli.text.pair import Pair

SENTENCES = 32


@dataclass(frozen=True)
class Forced:
    """A given translation: the log-probability of each of its pieces, EOS included, in nats."""

    log_probs: list[float]
    words: int  # of the target, between spaces
    attention: AttentionMap | None

    @property
    def log_prob(self) -> float:
        """Of the whole translation."""
        return sum(self.log_probs)


@torch.inference_mode()
def force(loaded: Loaded, pairs: Sequence[Pair], look: bool = False) -> list[Forced]:
    """Scores each pair's target given its source, in order; with `look`, with what was looked at.

    An empty side is scored like any other: an empty target is the end alone.
    """
    codec, model = loaded.codec, loaded.model
    device = next(model.parameters()).device
    src, tgt = codec.encode_pairs([(pair.src, pair.tgt) for pair in pairs])
    before = heard(src, pairs, model.previous)
    order = sorted(range(len(pairs)), key=lambda row: (len(src[row]), len(tgt[row])))
    forced: dict[int, Forced] = {}
    for begin in range(0, len(order), SENTENCES):
        rows = order[begin : begin + SENTENCES]
        source = source_of([src[row] for row in rows], device, [before[row] for row in rows])
        target = source_of([tgt[row] for row in rows], device).ids
        with multiplied(exact(device)):
            decoded = model(source, shifted(target), look)
            each = model.output.score(decoded, source, target)
        trace = model.output.look(decoded, source) if look else {}
        for place, row in enumerate(rows):
            seen = None
            if look and decoded.weights is not None:
                weights = decoded.weights[place].float().cpu().numpy()
                own = {name: part[place].float().cpu().numpy() for name, part in trace.items()}
                seen = attention_map(loaded, pairs[row], src[row], tgt[row], weights, own)
            log_probs = each[place, : len(tgt[row])].tolist()
            forced[row] = Forced(log_probs, len(pairs[row].tgt.split()), seen)
    return [forced[row] for row in range(len(pairs))]


def perplexity(forced: Sequence[Forced]) -> tuple[float | None, float | None]:
    """Perplexity of a piece and of a word (EOS counts as one) over all given translations.

    None where it is too large for a number: a line without spaces is one word.
    """
    total = -sum(one.log_prob for one in forced)
    pieces = sum(len(one.log_probs) for one in forced)
    words = sum(one.words + 1 for one in forced)
    return _exp(total / pieces), _exp(total / words)


def _exp(nats: float) -> float | None:
    try:
        return math.exp(nats)
    except OverflowError:
        return None
