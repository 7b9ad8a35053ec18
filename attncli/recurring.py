"""Linear layers inside a loop over steps, whose weight gradient is one product after the loop.

Step by step the gradient of a weight is a sum of small products, each with a tall transposed
factor; these run at a fraction of the speed of one product over all steps, and every one is added
to the last. Within `unrolled` the steps only keep their factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Factors:
    """What the steps of a loop leave for the gradient of one weight: dW = sum_t d_t^T x_t."""

    def __init__(self) -> None:
        self.inputs: list[Tensor] = []
        self.gradients: list[Tensor] = []

    def keep(self, inputs: Tensor, gradient: Tensor) -> None:
        """The factors of one step, each (..., width)."""
        self.inputs.append(inputs.detach().flatten(0, -2))
        self.gradients.append(gradient.detach().flatten(0, -2))

    def product(self) -> Tensor | None:
        """The sum over all steps, which are then forgotten; None where none had a gradient."""
        if not self.inputs:
            return None
        total = torch.cat(self.gradients).t() @ torch.cat(self.inputs)
        self.inputs.clear()
        self.gradients.clear()
        return total


class _Weight(torch.autograd.Function):
    """The weight as the steps see it; its backward runs after those of all steps."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, factors: Factors) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.factors, ctx.kind = factors, weight.dtype
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, None]:
        found = ctx.factors.product()
        return None if found is None else found.to(ctx.kind), None


class _Step(torch.autograd.Function):
    """x W^T; its backward gives the gradient of x alone."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, factors: Factors) -> Tensor:
        outputs = F.linear(inputs, weight)
        ctx.save_for_backward(inputs.to(outputs.dtype), weight.to(outputs.dtype))
        ctx.factors, ctx.kind = factors, inputs.dtype
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        inputs, weight = ctx.saved_tensors
        ctx.factors.keep(inputs, grads[0])
        return (grads[0] @ weight).to(ctx.kind), None, None


Seen = dict[Tensor, tuple[Tensor, Factors]]
_LOOP: ContextVar[Seen | None] = ContextVar("loop", default=None)


@contextmanager
def unrolled() -> Iterator[None]:
    """Around a loop over steps: the weights of `Recurring` layers in it are one and the same."""
    before = _LOOP.set({})
    try:
        yield
    finally:
        _LOOP.reset(before)


class Recurring(nn.Linear):
    """A linear layer that a loop applies at every step; elsewhere it is any linear layer."""

    def reset_parameters(self) -> None:
        """As nn.Linear draws them; a layer that reads nothing, beside no attention, has no more."""
        if self.in_features:
            super().reset_parameters()
        elif self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        loop = _LOOP.get()
        if loop is None or not torch.is_grad_enabled() or not self.weight.requires_grad:
            return super().forward(inputs)
        if self.weight not in loop:
            factors = Factors()
            loop[self.weight] = (_Weight.apply(self.weight, factors), factors)  # type: ignore[no-untyped-call]
        weight, factors = loop[self.weight]
        outputs: Tensor = _Step.apply(inputs, weight, factors)  # type: ignore[no-untyped-call]
        return outputs if self.bias is None else outputs + self.bias
