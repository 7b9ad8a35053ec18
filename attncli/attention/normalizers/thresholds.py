"""The threshold under which a sparse normalizer gives nothing.

Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models", arXiv 1905.05702, section 3
and its appendix; Martins and Astudillo 2016, arXiv 1602.02068, algorithm 1.

Every function takes z = (alpha - 1) e, of which the largest in a row is 0, and solves

    sum_s max(z_s - tau, 0)^(1 / (alpha - 1)) = 1
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

Threshold = Callable[[Tensor], Tensor]


def of_alpha(alpha: float) -> Threshold:
    """The threshold for this alpha: exact for 1.5 and 2, by bisection for any other."""
    exact: dict[float, Threshold] = {1.5: one_and_a_half, 2.0: two}
    return exact.get(alpha, partial(bisected, alpha))


def two(z: Tensor) -> Tensor:
    """Exact for alpha = 2: the mean of the k largest, less 1 / k, k the size of the support."""
    ordered, k = _descending(z)
    taken = (ordered.cumsum(-1) - 1) / k
    return _at_support(taken, ordered)


def one_and_a_half(z: Tensor) -> Tensor:
    """Exact for alpha = 1.5: the root of a quadratic equation over the k largest.

    tau_k = M_k - sqrt((1 - k V_k) / k), with M_k the mean and V_k the variance of the k largest.
    """
    ordered, k = _descending(z)
    mean = ordered.cumsum(-1) / k
    spread = ordered.square().cumsum(-1) - k * mean.square()
    taken = mean - ((1 - spread) / k).clamp(min=0).sqrt()
    return _at_support(taken, ordered)


def bisected(alpha: float, z: Tensor) -> Tensor:
    """For any alpha: halves [-1, 0], which holds tau, until the numbers' precision is used up."""
    power = 1 / (alpha - 1)
    low = torch.full_like(z[..., :1], -1.0)
    width = 1.0
    for _ in range(math.ceil(-math.log2(torch.finfo(z.dtype).eps))):
        width /= 2
        middle = low + width
        total = (z - middle).clamp(min=0).pow(power).sum(-1, keepdim=True)
        low = torch.where(total >= 1, middle, low)
    return low


def _descending(z: Tensor) -> tuple[Tensor, Tensor]:
    """The rows with their largest first, and 1, 2, 3, ... beside them."""
    return z.sort(-1, descending=True).values, torch.arange(1, z.size(-1) + 1, device=z.device)


def _at_support(taken: Tensor, ordered: Tensor) -> Tensor:
    """The threshold of the largest support whose smallest member lies above it."""
    size = (taken < ordered).sum(-1, keepdim=True)
    return taken.gather(-1, (size - 1).clamp(min=0))
