"""Decoding of every model: by beam search, by sampling, or greedily, which is a beam of one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from attncli.attention.base import State, for_each, reordered
from attncli.errors import RunError, UsageError
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source
from attncli.products import for_rows, multiplied
from attncli.registry import AtLeastZero, Count, Positive, Range
from attncli.search.extension import BeamExtension, Candidates, SampledExtension, Seeds
from attncli.search.finished import KEPT_WITH_THE_DONE, WEIGHTS, Entry, Finished, History
from attncli.search.greedy import greedy
from attncli.text.piece_model import BOS, EOS


@dataclass(frozen=True)
class Found:
    """One finished hypothesis."""

    ids: list[int]  # EOS at the end
    score: float  # what the search ranks by
    log_prob: float  # sum over its words, EOS included, in nats
    weights: np.ndarray | None  # (layers, heads, tgt_len, src_len)
    cut: bool  # as long as the length limit allows
    trace: dict[str, np.ndarray]  # what else was seen: (layers, heads, tgt_len[, src_len])


class Search:
    """Beam search with length and coverage penalty, or sampling.

        score(Y) = log p(Y) / lp(Y) + cp(Y)      lp(Y) = ((5 + |Y|) / 6)^alpha
        cp(Y) = beta sum_s log min(sum_t a_ts, 1)

    Wu et al. 2016, arXiv 1609.08144, eq. 14. A sentence's length limit depends on it alone.

    Options:
        beam: hypotheses kept for each sentence; 1 is greedy
        length_penalty: alpha; 0 ranks by log-probability alone
        coverage_penalty: beta; needs a model with attention
        max_ratio: longest translation, in target pieces for each source piece
        max_extra: pieces allowed on top of that
        n_best: translations given for each sentence; the beam is at least as wide
        sample: draw every word from the model, `beam` times, instead of searching
        temperature: divides the scores before drawing
        top_k: draw among the k best words only; 0 among all
        replace_unknown: write the source word that was looked at most where a word is unknown
    """

    def __init__(
        self,
        *,
        beam: Positive = 5,
        length_penalty: AtLeastZero = 1.0,
        coverage_penalty: AtLeastZero = 0.0,
        max_ratio: AtLeastZero = 2.0,
        max_extra: Positive = 10,
        n_best: Positive = 1,
        sample: bool = False,
        temperature: Annotated[float, Range(0.01)] = 1.0,
        top_k: Count = 0,
        replace_unknown: bool = False,
    ) -> None:
        if not sample and (temperature != 1.0 or top_k):
            raise UsageError(
                "search.temperature and search.top_k change what is drawn: set search.sample=true, "
                "or leave them out"
            )
        self.beam = max(beam, n_best)
        self.length_penalty = length_penalty
        self.coverage_penalty = coverage_penalty
        self.max_ratio = max_ratio
        self.max_extra = max_extra
        self.n_best = n_best
        self.sample = sample
        self.replace_unknown = replace_unknown
        self.extension = (
            SampledExtension(self.beam, temperature, top_k) if sample else BeamExtension(self.beam)
        )

    def limits(self, source: Source) -> Tensor:
        """The longest translation of each sentence, in pieces with EOS: (batch,)."""
        return (source.mask.sum(1) * self.max_ratio).long() + self.max_extra

    @property
    def greedy(self) -> bool:
        """Whether the likeliest word of every step is all that counts."""
        return not (self.beam > 1 or self.sample or self.coverage_penalty)

    @torch.inference_mode()
    def find(
        self, model: Seq2Seq, source: Source, look: bool = False, seeds: Seeds | None = None
    ) -> list[list[Found]]:
        """The best translations of each sentence, best first; with `look`, with their weights.

        `seeds` are those of each sentence's draws, where words are drawn; else its place is.

        Raises:
            UsageError: what the search asks for needs attention, and the model has none.
            RunError: the model's scores are no numbers.
        """
        look = look or self.replace_unknown
        limits = self.limits(source).clamp(max=model.longest)
        with multiplied(for_rows(source.ids.size(0) * self.beam, source.ids.device)):
            if not self.greedy:
                return self.by_beam(model, source, limits, look, seeds)
            entries, history = greedy(model, source, limits.tolist(), look)
        return self.ranked(entries, history, limits.tolist())

    def ranked(
        self, entries: list[Entry], history: History, limits: list[int]
    ) -> list[list[Found]]:
        """What greedy decoding wrote of each sentence, scored as a beam's hypotheses are."""
        found = []
        for row, (entry, limit) in enumerate(zip(entries, limits, strict=True)):
            score = entry.log_prob / self.length_normalizer(len(entry.ids))
            found.append(self._found([replace(entry, score=score)], history, row, limit))
        return found

    def by_beam(
        self, model: Seq2Seq, source: Source, limits: Tensor, look: bool, seeds: Seeds | None
    ) -> list[list[Found]]:
        """The same by as many hypotheses as the beam is wide; `limits` are the longest lengths."""
        looks = look or self.coverage_penalty > 0
        beam = self.beam
        memories, start = model.encode(source)
        writing = model.writing(memories, beam, int(limits.max()), looks)
        own = self._begin(source, limits.tolist(), seeds)
        state = {name: for_each(part, own["last"].size(1)) for name, part in start.items()}
        finished = Finished.begin(source.ids.size(0), beam, int(limits.max()), source.ids.device)
        rows = torch.arange(source.ids.size(0), device=source.ids.device)
        history = History(source.ids.size(0))
        results: list[list[Found]] = [[] for _ in range(source.ids.size(0))]
        live = torch.ones_like(rows, dtype=torch.bool)
        length = 0
        while rows.numel():
            decoded = writing.step(own["last"], state, looks)
            length += 1
            if look:
                history.add(rows.tolist(), model.output, decoded, source)
            ending = limits == length
            candidates = self.extension.extend(model.output, decoded, source, own, ending)
            own, ended = self._advanced(own, candidates, decoded)
            finished.take(own, ended, self._scores(own, source, length), length)
            order = _unended_first(ended, beam)
            own = reordered(own, order)
            own["log_prob"] = own["log_prob"].masked_fill(ended.gather(1, order), -math.inf)
            parents = candidates.parents.gather(1, order)
            state = reordered(decoded.state, parents)
            done = finished.full() | ending | own["log_prob"].isneginf().all(1)
            if not bool((done & live).any()):
                continue
            for place in (done & live).nonzero().flatten().tolist():
                row = int(rows[place])
                entries = finished.entries(place)
                results[row] = self._found(entries, history, row, int(limits[place]))
            live = live & ~done
            if int(live.sum()) > KEPT_WITH_THE_DONE * len(live):
                continue
            left = live.nonzero().flatten()
            live, rows, limits, source = live[left], rows[left], limits[left], source.select(left)
            finished = finished.select(left)
            writing.keep(left)
            state = {name: part.index_select(0, left) for name, part in state.items()}
            own = {name: part.index_select(0, left) for name, part in own.items()}
        return results

    def _begin(self, source: Source, limits: list[int], seeds: Seeds | None) -> State:
        """What the search itself knows of each hypothesis; (batch, queries, ...) like any state.

        There are as many queries as the extension begins with.
        """
        batch, src_len = source.ids.shape
        begun = self.extension.begin(limits, seeds or [[row] for row in range(batch)])
        own = {name: part.to(source.ids.device) for name, part in begun.items()}
        queries = own["log_prob"].size(1)
        own["last"] = source.ids.new_full((batch, queries), BOS)
        own["ids"] = own["slots"] = source.ids.new_zeros(batch, queries, 0)
        if self.coverage_penalty:
            own["covered"] = torch.zeros(batch, queries, src_len, device=source.ids.device)
        return own

    def _advanced(
        self, own: State, candidates: Candidates, decoded: Decoded
    ) -> tuple[State, Tensor]:
        """The candidates as hypotheses of their own, and which of them have ended."""
        past = dict(own)
        if self.coverage_penalty:
            if decoded.weights is None:
                raise UsageError("search.coverage_penalty: this model has no attention")
            past["covered"] = past["covered"] + decoded.weights.mean((1, 2))
        past = reordered(past, candidates.parents)
        after = past | {
            "last": candidates.ids,
            "log_prob": candidates.log_probs,
            "ids": torch.cat([past["ids"], candidates.ids.unsqueeze(2)], 2),
            "slots": torch.cat([past["slots"], candidates.parents.unsqueeze(2)], 2),
        }
        return after, candidates.ids == EOS

    def length_normalizer(self, length: int) -> float:
        """lp(Y) of a translation of so many pieces, EOS included."""
        return float(((5 + length) / 6) ** self.length_penalty)

    def _scores(self, own: State, source: Source, length: int) -> Tensor:
        scores: Tensor = own["log_prob"] / self.length_normalizer(length)
        if "covered" in own:
            logs = own["covered"].clamp(1e-9, 1.0).log() * source.mask.unsqueeze(1)
            scores = scores + self.coverage_penalty * logs.sum(2)
        return scores

    def _found(self, entries: list[Entry], history: History, row: int, limit: int) -> list[Found]:
        found = []
        for entry in [one for one in entries if one.score > -math.inf][: self.n_best]:
            trace = history.along(row, entry.slots)
            weights = trace.pop(WEIGHTS, None)
            if self.replace_unknown and weights is None:
                raise UsageError("search.replace_unknown: this model has no attention")
            cut = len(entry.ids) == limit
            found.append(Found(entry.ids, entry.score, entry.log_prob, weights, cut, trace))
        if not found:
            raise RunError(
                "the model's scores are no numbers: its training has diverged (try a lower "
                "train.optimizer.lr, or train.clip=1)"
            )
        return found


def _unended_first(ended: Tensor, beam: int) -> Tensor:
    """The first `beam` candidates of each sentence that go on, in their order: (batch, beam)."""
    count = ended.size(1)
    place = torch.arange(count, device=ended.device) + count * ended
    order: Tensor = place.topk(beam, 1, largest=False, sorted=True).indices
    return order
