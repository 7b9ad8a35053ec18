"""Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting"."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

FULL_RANGE = -(2**63)


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, keep: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(keep)
        ctx.scale = scale
        return keep.to(values.dtype).mul_(values).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (keep,) = ctx.saved_tensors
        return keep.to(grads[0].dtype).mul_(grads[0]).mul_(ctx.scale), None, None


class Dropout(nn.Module):
    """Sets a share of the values to zero in training and scales the rest up to match.

    The share is rounded to a multiple of 1/256: one random byte decides on each value, eight
    bytes from each random number, which on a CPU is several times faster than a draw for each.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.dropped = round(share * 256)

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.dropped == 0:
            return values
        draws = torch.empty((values.numel() + 7) // 8, dtype=torch.int64, device=values.device)
        draws.random_(FULL_RANGE, None)
        draw = draws.view(torch.uint8)[: values.numel()].view(values.shape)
        keep = draw.ge_(self.dropped)  # bytes that are 0 or 1: with booleans torch is slower
        scale = 256 / (256 - self.dropped)
        dropped: Tensor = _Masked.apply(values, keep, scale)  # type: ignore[no-untyped-call]
        return dropped

    def extra_repr(self) -> str:
        return f"{self.dropped / 256:.3g}"
