"""The words of the source as words to write: weights on positions made weights of words."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from attncli.errors import UsageError
from attncli.models.decoded import Decoded, Glimpse, Source

LEAST = 0.01
"""What a row of weights lacks of this sum is spread evenly: dividing by less would make gradients
explode, and a row that looks at nothing would be no distribution."""


def glimpse_of(decoded: Decoded, output: str | None) -> tuple[Glimpse, Tensor]:
    """What an output that takes words from the source reads, and the weights.

    Raises:
        UsageError: the attention has no weights.
    """
    if decoded.glimpse is None or decoded.glimpse.weights is None:
        raise UsageError(
            f"model.output '{output}' takes words from where the attention looks, and this one "
            "has no weights (try model.attention=general)"
        )
    return decoded.glimpse, decoded.glimpse.weights


def shares(weights: Tensor, real: Tensor) -> Tensor:
    """Weights (batch, queries, src_len) as distributions over the places that are `real`.

    `real` is (batch, 1 or queries, src_len), S the number of them.

    share_i = (a_i + missing / S) / (sum_j a_j + missing), missing = max(0, 0.01 - sum_j a_j)
    """
    weights = weights.float()
    total = weights.sum(-1, keepdim=True)
    missing = (LEAST - total).clamp(min=0)
    return (weights + missing * real / real.sum(-1, keepdim=True)) / (total + missing)


def taken(weights: Tensor, source: Source, target: Tensor) -> Tensor:
    """The weight of the places where each word of `target` (batch, tgt_len) stands: its shape."""
    stands = source.ids.unsqueeze(1) == target.unsqueeze(2)  # (batch, tgt_len, src_len)
    return (weights * stands).sum(-1)


def spread(words: Tensor, weights: Tensor, source: Source) -> Tensor:
    """Probabilities of words (batch, queries, vocab) and those that weights on positions add.

    Returns:
        (batch, queries, vocab + most unknown words of a source).
    """
    unknown = max(0, int(source.ids.max()) + 1 - words.size(-1))
    places = source.ids.unsqueeze(1).expand_as(weights)
    return functional.pad(words, (0, unknown)).scatter_add(-1, places, weights)


def log(probabilities: Tensor) -> Tensor:
    """The logarithm, finite and without a gradient where there is no probability at all."""
    return probabilities.clamp(min=torch.finfo(probabilities.dtype).tiny).log()
