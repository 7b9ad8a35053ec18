"""How hypotheses grow by one word: the best continuations of all together, or a draw for each."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from attncli.models.decoded import Decoded, Source
from attncli.models.output import Output
from attncli.text.piece_model import EOS


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

    def begin(self, batch: int, beam: int) -> Tensor:
        """Log-probabilities before the first word: one hypothesis lives, the rest copy it."""
        log_probs = torch.full((batch, beam), -math.inf)
        log_probs[:, 0] = 0.0
        return log_probs

    def extend(
        self, output: Output, decoded: Decoded, source: Source, log_probs: Tensor, ending: Tensor
    ) -> Candidates:
        """Candidates (batch, 2 beam); sentences that are `ending` (batch,) may only end."""
        beam = log_probs.size(1)
        best, ids = output.best(decoded, source, beam + 1)  # (batch, beam, beam + 1 or vocab)
        if bool(ending.any()):
            best, ids = _only_ends(output, decoded, source, ending, best, ids)
        total, flat = (log_probs.unsqueeze(2) + best).flatten(1).topk(2 * beam, 1)
        return Candidates(total, flat // ids.size(2), ids.flatten(1).gather(1, flat))


class SampledExtension:
    """A word drawn for each hypothesis by itself."""

    def __init__(self, temperature: float, top_k: int) -> None:
        self.temperature = temperature
        self.top_k = top_k

    def begin(self, batch: int, beam: int) -> Tensor:
        """Log-probabilities before the first word: every hypothesis lives."""
        return torch.zeros(batch, beam)

    def extend(
        self, output: Output, decoded: Decoded, source: Source, log_probs: Tensor, ending: Tensor
    ) -> Candidates:
        """Candidates (batch, beam); sentences that are `ending` (batch,) may only end."""
        words = output.log_probs(decoded, source)  # (batch, beam, vocab)
        scores = words / self.temperature
        if self.top_k:
            least = scores.topk(min(self.top_k, scores.size(2)), 2).values[..., -1:]
            scores = scores.masked_fill(scores < least, -math.inf)
        chances = scores.softmax(2).flatten(0, 1)
        ids = torch.multinomial(chances, 1).view(log_probs.shape)
        ids = ids.masked_fill(ending.unsqueeze(1), EOS)
        drawn = words.gather(2, ids.unsqueeze(2)).squeeze(2)
        parents = torch.arange(ids.size(1), device=ids.device).expand_as(ids)
        return Candidates(log_probs + drawn, parents, ids)


def _only_ends(
    output: Output, decoded: Decoded, source: Source, ending: Tensor, best: Tensor, ids: Tensor
) -> tuple[Tensor, Tensor]:
    ends = output.log_probs(decoded, source)[..., EOS]
    best = best.masked_fill(ending.view(-1, 1, 1), -math.inf)
    ids = ids.clone()
    best[..., 0] = torch.where(ending.unsqueeze(1), ends, best[..., 0])
    ids[..., 0] = torch.where(ending.unsqueeze(1), EOS, ids[..., 0])
    return best, ids
