"""Deng et al. 2018, "Latent alignment and variational attention", arXiv 1807.03756, section 3, the
exact marginal; Shankar, Garg and Sarawagi 2018, "Surprisingly easy hard-attention for sequence to
sequence learning" (EMNLP), the most likely positions alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attncli.attention.base import Memory
from attncli.errors import UsageError
from attncli.models.copying import glimpse_of, log, shares
from attncli.models.decoded import Decoded, GlimpseSizes, Source
from attncli.models.mixed_likelihood import mixed_likelihood
from attncli.models.output import NO_GLIMPSE, Best, Loss, Projection, known, marked
from attncli.models.readout import Readout
from attncli.registry import Count


class Mixture(Projection):
    """The mean of the words that each source position alone would give: attention as a chance.

        p(y_t) = sum_i a_ti softmax(W g(h_t, value_i) + b)

    g is the decoder's readout, of one position instead of the mean of all. It costs as many
    output layers as the source has positions, O(S), in time and, but for a part at a time, in
    memory. What is fed to the next step is the readout of the mean. Weights are scaled to one.

    Options:
        most: so many positions of the greatest weight count, scaled to one; 0 counts all
        bias: a bias for every word
    """

    name = "mixture"
    looks = True
    spreads = True

    def __init__(
        self,
        dim: int,
        vocab: int,
        glimpse: GlimpseSizes = NO_GLIMPSE,
        *,
        most: Count = 0,
        bias: bool = True,
    ) -> None:
        super().__init__(dim, vocab, glimpse, bias=bias)
        self.most = most

    def spread(self, decoded: Decoded, memory: Memory, readout: Readout) -> Decoded:
        glimpse, weights = glimpse_of(decoded, self.name)
        if memory.values.dim() != 3:
            raise UsageError(
                f"model.output={self.name} needs one weight for each source position, and the "
                "heads of this attention have several (try model.attention=general)"
            )
        batch, _, src_len = weights.shape
        values, chances = memory.values.unsqueeze(1), shares(weights, memory.mask)
        if 0 < self.most < src_len:
            chances, chosen = chances.topk(self.most, -1)
            chances = chances / chances.sum(-1, keepdim=True)
            rows = torch.arange(batch, device=weights.device).view(-1, 1, 1)
            values = memory.values[rows, chosen]  # (batch, queries, most, memory_dim)
        hidden = readout.of_each(glimpse.state.unsqueeze(2), values, glimpse.word.unsqueeze(2))
        return decoded._replace(hidden=hidden, glimpse=glimpse._replace(weights=chances))

    def nll(
        self, decoded: Decoded, source: Source, target: Tensor, mask: Tensor, smoothing: float
    ) -> Loss:
        hidden, chances = self.positions(decoded)
        gold = known(target[mask], self.weight.size(0))
        words = (marked(hidden, mask), marked(chances, mask))
        return Loss(*mixed_likelihood(*words, self.weight, self.bias, gold, smoothing))

    def mixed(self, hidden: Tensor, chances: Tensor) -> Tensor:
        """log p of every word (..., vocab), from each position's hidden (..., chosen, dim)."""
        each = self.logits(hidden).float().log_softmax(-1)
        return (each + log(chances).unsqueeze(-1)).logsumexp(-2)

    def positions(self, decoded: Decoded) -> tuple[Tensor, Tensor]:
        """The hidden state of each chosen position, and its share.

        Raises:
            UsageError: the model has no readout of a single position.
        """
        glimpse, _ = glimpse_of(decoded, self.name)
        if decoded.hidden.dim() != 4 or glimpse.weights is None:
            raise UsageError(
                f"model.output={self.name} needs a readout of one source position, which "
                "model.name=recurrent has"
            )
        return decoded.hidden, glimpse.weights

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        return self.mixed(*self.positions(decoded))

    def best(self, decoded: Decoded, source: Source, k: int) -> Best:
        return Best.of(self.log_probs(decoded, source), k)
