"""Greedy decoding: the likeliest word, again and again.

The same translations as `Search.by_beam` with a beam of one, which is the plain form of this.
Nothing is reordered and no other hypothesis is kept: little is left of a step but the model's work.
"""

from __future__ import annotations

import torch

from attncli.models.base import Seq2Seq
from attncli.models.decoded import Source
from attncli.search.finished import KEPT_WITH_THE_DONE, Entry, History
from attncli.text.piece_model import BOS, EOS


def greedy(
    model: Seq2Seq, source: Source, limits: list[int], look: bool
) -> tuple[list[Entry], History]:
    """A hypothesis of each sentence, scored by its log-probability, and with `look` what was seen.

    `limits` are the most pieces of each sentence's translation, EOS included.
    """
    memories, state = model.encode(source)
    writing = model.writing(memories, 1, max(limits), look)
    rows = list(range(len(limits)))
    history = History(len(rows))
    token = source.ids.new_full((len(rows), 1), BOS)
    total = torch.zeros(len(rows), 1, device=token.device)
    written: list[list[int]] = [[] for _ in rows]
    entries: dict[int, Entry] = {}
    length = 0
    while len(entries) < len(limits):
        decoded = writing.step(token, state, look)
        state = decoded.state
        length += 1
        if look:
            history.add(rows, model.output, decoded, source)
        best = model.output.best(decoded, source, 1)
        token, log_prob = best.ids.squeeze(2), best.log_probs.squeeze(2)
        ending = [limits[row] == length for row in rows]
        if any(ending):
            last = torch.tensor(ending, device=token.device).unsqueeze(1)
            token, log_prob = token.masked_fill(last, EOS), torch.where(last, best.end, log_prob)
        total = total + log_prob
        words = token.flatten().tolist()
        for row, word in zip(rows, words, strict=True):
            written[row].append(word)
        ended = [place for place, word in enumerate(words) if word == EOS]
        if all(rows[place] in entries for place in ended):
            continue
        totals = total.flatten().tolist()
        for place in ended:
            ids = written[rows[place]]
            first = Entry(totals[place], totals[place], list(ids), [0] * length)
            entries.setdefault(rows[place], first)
        left = [place for place, row in enumerate(rows) if row not in entries]
        if not 0 < len(left) <= KEPT_WITH_THE_DONE * len(rows):
            continue
        rows = [rows[place] for place in left]
        kept = torch.tensor(left, dtype=torch.long, device=token.device)
        writing.keep(kept)
        source, token, total = source.select(kept), token[kept], total[kept]
        state = {name: part.index_select(0, kept) for name, part in state.items()}
    return [entries[row] for row in range(len(limits))], history
