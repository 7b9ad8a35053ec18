"""How hypotheses grow by one word: the best continuations of all together, or a draw for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from attncli.attention.base import State
from attncli.marks import EOS, PAD
from attncli.models.decoded import Decoded, Source
from attncli.models.output import Best, Output

Seeds = Sequence[Sequence[int]]  # of each sentence's draws


class Candidates(NamedTuple):
    """Possible extensions of a sentence's hypotheses, best first; at least a beam go on."""

    log_probs: Tensor  # (batch, candidates), of the whole hypothesis
    parents: Tensor  # (batch, candidates), the hypothesis that is extended
    ids: Tensor  # (batch, candidates), by this word


class BeamExtension:
    """The best continuations of a sentence's hypotheses, taken together.

    A hypothesis has one continuation that ends it, so twice the beam always holds a beam that
    goes on.
    """

    def __init__(self, beam: int) -> None:
        self.beam = beam

    def begin(self, limits: list[int], seeds: Seeds) -> State:
        """The log-probability of the one hypothesis that there is before the first word."""
        return {"log_prob": torch.zeros(len(limits), 1)}

    def extend(
        self, output: Output, decoded: Decoded, source: Source, own: State, ending: Tensor
    ) -> Candidates:
        """Candidates (batch, 2 beam); sentences that are `ending` (batch,) may only end."""
        found = output.best(decoded, source, self.beam + 1)
        if bool(ending.any()):
            found = _only_ends(found, ending)
        queries, words = found.ids.shape[1:]
        scores = (own["log_prob"].unsqueeze(2) + found.log_probs).flatten(1)
        ids = found.ids.flatten(1)
        short = 2 * self.beam - queries * words
        if short > 0:  # of one hypothesis at first, or where words are few
            scores = functional.pad(scores, (0, short), value=-math.inf)
            ids = functional.pad(ids, (0, short), value=PAD)
        total, flat = scores.topk(2 * self.beam, 1)
        parents = (flat // words).clamp(max=queries - 1)
        return Candidates(total, parents, ids.gather(1, flat))


class SampledExtension:
    """A word drawn for each hypothesis by itself.

    Each sentence has uniform numbers of its own, from a generator with its own seed: what is drawn
    for it does not depend on what else is in the batch.
    """

    def __init__(self, beam: int, temperature: float, top_k: int) -> None:
        self.beam = beam
        self.temperature = temperature
        self.top_k = top_k

    def begin(self, limits: list[int], seeds: Seeds) -> State:
        """Log-probabilities before the first word: every hypothesis lives. Numbers in [0, 1)."""
        numbers = torch.zeros(len(limits), self.beam, max(limits), dtype=torch.float64)
        for row, (limit, seed) in enumerate(zip(limits, seeds, strict=True)):
            drawn = np.random.default_rng(seed).random((self.beam, limit))
            numbers[row, :, :limit] = torch.from_numpy(drawn)
        return {"log_prob": torch.zeros(len(limits), self.beam), "numbers": numbers}

    def extend(
        self, output: Output, decoded: Decoded, source: Source, own: State, ending: Tensor
    ) -> Candidates:
        """Candidates (batch, beam); sentences that are `ending` (batch,) may only end."""
        words = output.log_probs(decoded, source)  # (batch, beam, vocab)
        scores = words / self.temperature
        if self.top_k:
            least = scores.topk(min(self.top_k, scores.size(2)), 2).values[..., -1:]
            scores = scores.masked_fill(scores < least, -math.inf)
        below = scores.double().softmax(2).cumsum(2)  # (batch, beam, vocab), the last is 1
        numbers = own["numbers"][..., own["ids"].size(2)]  # (batch, beam), this step's
        ids = torch.searchsorted(below, (numbers * below[..., -1]).unsqueeze(2), right=True)
        ids = ids.squeeze(2).masked_fill(ending.unsqueeze(1), EOS)
        drawn = words.gather(2, ids.unsqueeze(2)).squeeze(2)
        parents = torch.arange(ids.size(1), device=ids.device).expand_as(ids)
        return Candidates(own["log_prob"] + drawn, parents, ids)


def _only_ends(found: Best, ending: Tensor) -> Best:
    """The same, of sentences that are `ending` (batch,) the end alone."""
    log_probs = found.log_probs.masked_fill(ending.view(-1, 1, 1), -math.inf)
    ids = found.ids.clone()
    log_probs[..., 0] = torch.where(ending.unsqueeze(1), found.end, log_probs[..., 0])
    ids[..., 0] = torch.where(ending.unsqueeze(1), EOS, ids[..., 0])
    return Best(log_probs, ids, found.end)
