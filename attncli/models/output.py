"""From the decoder's hidden states to words: the output layer, its loss and its best words."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from attncli.attention.base import Memory
from attncli.marks import EOS, UNK
from attncli.models.cross_entropy import LOG2_E, SMALL, powers, projected_cross_entropy
from attncli.models.decoded import Decoded, GlimpseSizes, Source, seen
from attncli.models.readout import Readout
from attncli.models.top import top

NO_GLIMPSE = GlimpseSizes(0, 0, 0)
ROWS = 128
"""Hypotheses whose words are scored together: what they take is still in the processor's cache when
it is read again."""
FEW = 32
"""Up to so many hypotheses, starting an operation takes longer than a pass over their words."""


def known(ids: Tensor, vocab: int) -> Tensor:
    """The ids, those beyond the vocabulary as the one of unknown words."""
    return ids.masked_fill(ids >= vocab, UNK)


def marked(parts: Tensor, mask: Tensor) -> Tensor:
    """Of parts (batch, steps, ...) those where a mask (batch, steps) is True, (words, ...).

    The gradient of `parts[mask]` adds number by number; this one adds rows, seven times as fast.
    """
    return parts.flatten(0, 1).index_select(0, mask.flatten().nonzero().squeeze(1))


class Loss(NamedTuple):
    """A sum over words: what is minimised, and the plain negative log-likelihood (nats)."""

    loss: Tensor
    nll: Tensor


class Best(NamedTuple):
    """The likeliest words, best first."""

    log_probs: Tensor  # (batch, queries, k), or all words where there are fewer
    ids: Tensor  # the same shape
    end: Tensor  # (batch, queries), the log-probability of EOS, among them or not

    @classmethod
    def of(cls, log_probs: Tensor, k: int) -> Best:
        """The k best of log-probabilities (batch, queries, vocab)."""
        return cls(*top(log_probs, k), log_probs[..., EOS])


class Output(nn.Module):
    """Makes words of what the decoder computed."""

    family: ClassVar[str] = "output"
    name: ClassVar[str | None] = None
    looks: ClassVar[bool] = False  # reads `Decoded.glimpse`
    spreads: ClassVar[bool] = False  # reads a hidden state of each source position: see `spread`
    joint: ClassVar[bool] = False  # takes words from the source, so both sides share their ids

    def spread(self, decoded: Decoded, memory: Memory, readout: Readout) -> Decoded:
        """What was decoded, its hidden states those of single source positions where these count.

        A recurrent decoder hands over the memory that it read and its readout.
        """
        return decoded

    def nll(
        self, decoded: Decoded, source: Source, target: Tensor, mask: Tensor, smoothing: float
    ) -> Loss:
        """The loss of the words `target` (batch, tgt_len) where `mask` is True."""
        raise NotImplementedError

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        """Log-probabilities of every word, (batch, queries, vocab).

        An output that takes words from the source has a column more for each unknown word there.
        """
        raise NotImplementedError

    def score(self, decoded: Decoded, source: Source, target: Tensor) -> Tensor:
        """Log-probabilities of the words `target` (batch, tgt_len), in their shape."""
        log_probs = self.log_probs(decoded, source)
        return log_probs.gather(2, known(target, log_probs.size(2)).unsqueeze(2)).squeeze(2)

    def best(self, decoded: Decoded, source: Source, k: int) -> Best:
        """The k best words, or all where there are fewer."""
        return Best.of(self.log_probs(decoded, source), k)

    def look(self, decoded: Decoded, source: Source) -> dict[str, Tensor]:
        """What there is to see besides the weights, each in the shape that `seen` gives."""
        return seen(decoded.trace)


class Projection(Output):
    """One linear layer and a softmax over the vocabulary.

        p(y | hidden) = softmax(W hidden + b)

    Options:
        bias: a bias for every word
    """

    name = "projection"

    def __init__(
        self, dim: int, vocab: int, glimpse: GlimpseSizes = NO_GLIMPSE, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab, dim))
        nn.init.normal_(self.weight, std=dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(vocab)) if bias else None

    def nll(
        self, decoded: Decoded, source: Source, target: Tensor, mask: Tensor, smoothing: float
    ) -> Loss:
        rows = marked(decoded.hidden, mask)  # (words, dim)
        words = known(target[mask], self.weight.size(0))
        loss, nll = projected_cross_entropy(rows, self.weight, self.bias, words, smoothing)
        return Loss(loss, nll)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of every word before the softmax, (..., vocab)."""
        return nn.functional.linear(hidden, self.weight, self.bias)

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        return self.logits(decoded.hidden).log_softmax(-1)

    def best(self, decoded: Decoded, source: Source, k: int) -> Best:
        batch, queries, _ = decoded.hidden.shape
        if batch * queries <= FEW:
            return super().best(decoded, source, k)
        parts = [self.best_of(rows, k) for rows in torch.split(decoded.hidden.flatten(0, 1), ROWS)]
        found, ids, end = parts[0]
        if len(parts) > 1:
            found, ids, end = (torch.cat(part) for part in zip(*parts, strict=True))
        by_query = batch, queries, -1
        return Best(found.view(by_query), ids.view(by_query), end.view(batch, queries))

    def best_of(self, hidden: Tensor, k: int) -> Best:
        """The same for rows of hidden states (rows, dim), with few passes over the logits.

        These are in bits: a power of 2 takes less time than one of e.
        """
        bits = nn.functional.linear(hidden * LOG2_E, self.weight)
        if self.bias is not None:
            bits += self.bias * LOG2_E
        best, ids = top(bits, k)
        highest = best[:, :1]
        end = bits[:, EOS].clone()  # the next line takes the place of all logits
        large = bool(highest.abs().max() > SMALL)
        *_, normalizer = powers(bits, highest if large else None)
        return Best((best - normalizer) / LOG2_E, ids, (end - normalizer.squeeze(-1)) / LOG2_E)
