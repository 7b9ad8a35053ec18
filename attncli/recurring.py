"""Products inside a loop over steps with what stays the same, whose gradient is taken after it.

Step by step the gradient of a weight is a sum of small products, each with a tall transposed
factor; these run at a fraction of the speed of one product over all steps, and every one is added
to the last. That of a memory, which every step looks at, is a sum of outer products, each as large
as the memory. Within `unrolled` the steps only keep their factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn

from attncli.products import product


class Factors:
    """What the steps of a loop leave for the gradient of one matrix: dM = sum_t l_t^T r_t."""

    def __init__(self) -> None:
        self.left: list[Tensor] = []
        self.right: list[Tensor] = []

    def keep(self, left: Tensor, right: Tensor, matrix: Tensor) -> None:
        """The factors of one step, each (..., width); one product for each matrix of a batch."""
        self.left.append(left.detach().flatten(0, -matrix.dim()))
        self.right.append(right.detach().flatten(0, -matrix.dim()))

    def product(self) -> Tensor | None:
        """The sum over all steps, which are then forgotten; None where none had a gradient."""
        if not self.left:
            return None
        total = product(torch.cat(self.left, -2).mT, torch.cat(self.right, -2))
        self.left.clear()
        self.right.clear()
        return total


class _Matrix(torch.autograd.Function):
    """The matrix as the steps see it; its backward runs after those of all steps."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, factors: Factors) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.factors, ctx.kind = factors, matrix.dtype
        return matrix.view_as(matrix)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, None]:
        found = ctx.factors.product()
        return None if found is None else found.to(ctx.kind), None


def _saved(ctx: Any, inputs: Tensor, matrix: Tensor, factors: Factors, outputs: Tensor) -> Tensor:
    """The outputs of a step, whose backward will find what it needs."""
    ctx.save_for_backward(inputs.to(outputs.dtype), matrix.to(outputs.dtype))
    ctx.factors, ctx.kind = factors, inputs.dtype
    return outputs


class _DotProducts(torch.autograd.Function):
    """x M^T; its backward gives the gradient of x alone."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, matrix: Tensor, factors: Factors) -> Tensor:
        return _saved(ctx, inputs, matrix, factors, product(inputs, matrix.mT))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        inputs, matrix = ctx.saved_tensors
        ctx.factors.keep(grads[0], inputs, matrix)
        return product(grads[0], matrix).to(ctx.kind), None, None


class _WeightedSums(torch.autograd.Function):
    """x M; its backward gives the gradient of x alone."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, matrix: Tensor, factors: Factors) -> Tensor:
        return _saved(ctx, inputs, matrix, factors, product(inputs, matrix))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        inputs, matrix = ctx.saved_tensors
        ctx.factors.keep(inputs, grads[0], matrix)
        return product(grads[0], matrix.mT).to(ctx.kind), None, None


Seen = dict[Tensor, tuple[Tensor, Factors]]
_LOOP: ContextVar[Seen | None] = ContextVar("loop", default=None)


@contextmanager
def unrolled() -> Iterator[None]:
    """Around a loop over steps: each weight and each memory in it is one and the same."""
    before = _LOOP.set({})
    try:
        yield
    finally:
        _LOOP.reset(before)


def _in_loop(matrix: Tensor) -> tuple[Tensor, Factors] | None:
    """A matrix as the steps of the loop around it see it; None where no gradient is to be kept."""
    loop = _LOOP.get()
    if loop is None or not torch.is_grad_enabled() or not matrix.requires_grad:
        return None
    if matrix not in loop:
        factors = Factors()
        loop[matrix] = (_Matrix.apply(matrix, factors), factors)  # type: ignore[no-untyped-call]
    return loop[matrix]


def dot_products(queries: Tensor, keys: Tensor) -> Tensor:
    """Of queries (..., queries, dim) with keys (..., keys, dim): (..., queries, keys).

    Keys that are one object at every step of a loop get their gradient after it.
    """
    seen = _in_loop(keys)
    if seen is None:
        return queries @ keys.mT
    products: Tensor = _DotProducts.apply(queries, *seen)  # type: ignore[no-untyped-call]
    return products


def weighted_sums(weights: Tensor, values: Tensor) -> Tensor:
    """Of values (..., values, dim) by weights (..., queries, values): (..., queries, dim).

    Values that are one object at every step of a loop get their gradient after it.
    """
    seen = _in_loop(values)
    if seen is None:
        return weights @ values
    sums: Tensor = _WeightedSums.apply(weights, *seen)  # type: ignore[no-untyped-call]
    return sums


class Recurring(nn.Linear):
    """A linear layer that a loop applies at every step; elsewhere it is any linear layer."""

    def reset_parameters(self) -> None:
        """As nn.Linear draws them; a layer that reads nothing, beside no attention, has no more."""
        if self.in_features:
            super().reset_parameters()
        elif self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        seen = _in_loop(self.weight)
        if seen is None:
            return super().forward(inputs)
        outputs: Tensor = _DotProducts.apply(inputs, *seen)  # type: ignore[no-untyped-call]
        return outputs if self.bias is None else outputs + self.bias
