"""How hypotheses grow by one word: the best continuations of all together, or a draw for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from attncli.attention.base import State
from attncli.models.decoded import Decoded, Source
from attncli.models.output import Output
from attncli.text.piece_model import EOS

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

    def begin(self, limits: list[int], beam: int, seeds: Seeds) -> State:
        """Log-probabilities before the first word: one hypothesis lives, the rest copy it."""
        log_probs = torch.full((len(limits), beam), -math.inf)
        log_probs[:, 0] = 0.0
        return {"log_prob": log_probs}

    def extend(
        self, output: Output, decoded: Decoded, source: Source, own: State, ending: Tensor
    ) -> Candidates:
        """Candidates (batch, 2 beam); sentences that are `ending` (batch,) may only end."""
        log_probs = own["log_prob"]
        beam = log_probs.size(1)
        best, ids = output.best(decoded, source, beam + 1)  # (batch, beam, beam + 1 or vocab)
        if bool(ending.any()):
            best, ids = _only_ends(output, decoded, source, ending, best, ids)
        total, flat = (log_probs.unsqueeze(2) + best).flatten(1).topk(2 * beam, 1)
        return Candidates(total, flat // ids.size(2), ids.flatten(1).gather(1, flat))


class SampledExtension:
    """A word drawn for each hypothesis by itself.

    Each sentence has uniform numbers of its own, from a generator with its own seed: what is drawn
    for it does not depend on what else is in the batch.
    """

    def __init__(self, temperature: float, top_k: int) -> None:
        self.temperature = temperature
        self.top_k = top_k

    def begin(self, limits: list[int], beam: int, seeds: Seeds) -> State:
        """Log-probabilities before the first word: every hypothesis lives. Numbers in [0, 1)."""
        numbers = torch.zeros(len(limits), beam, max(limits), dtype=torch.float64)
        for row, (limit, seed) in enumerate(zip(limits, seeds, strict=True)):
            drawn = np.random.default_rng(seed).random((beam, limit))
            numbers[row, :, :limit] = torch.from_numpy(drawn)
        return {"log_prob": torch.zeros(len(limits), beam), "numbers": numbers}

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


def _only_ends(
    output: Output, decoded: Decoded, source: Source, ending: Tensor, best: Tensor, ids: Tensor
) -> tuple[Tensor, Tensor]:
    ends = output.log_probs(decoded, source)[..., EOS]
    best = best.masked_fill(ending.view(-1, 1, 1), -math.inf)
    ids = ids.clone()
    best[..., 0] = torch.where(ending.unsqueeze(1), ends, best[..., 0])
    ids[..., 0] = torch.where(ending.unsqueeze(1), EOS, ids[..., 0])
    return best, ids
