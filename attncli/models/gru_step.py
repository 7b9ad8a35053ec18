"""The pointwise half of a step of a gated recurrent unit, with its gradient written out.

As for the LSTM: a node of the graph for each small operation costs more than its arithmetic.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor


class _Stepped(NamedTuple):
    """What a step computes."""

    gates: Tensor  # (..., 2 hidden_dim): reset, update
    to_new: Tensor  # (..., hidden_dim), as are the others
    new: Tensor
    hidden: Tensor


def _step(projected: Tensor, recurrent: Tensor, hidden: Tensor) -> _Stepped:
    width = hidden.size(-1)
    from_gates, from_new = torch.split(projected, [2 * width, width], -1)
    to_gates, to_new = torch.split(recurrent, [2 * width, width], -1)
    gates = torch.sigmoid(from_gates + to_gates)
    reset, keep = torch.split(gates, width, -1)
    new = torch.addcmul(from_new, reset, to_new).tanh_()
    return _Stepped(gates, to_new, new, torch.lerp(new, hidden, keep))


class _GRUStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, projected: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
        found = _step(projected, recurrent, hidden)
        ctx.save_for_backward(found.gates, found.to_new, found.new, hidden)
        return found.hidden

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (d_hidden,) = grads
        gates, to_new, new, hidden = ctx.saved_tensors
        width = hidden.size(-1)
        reset, keep = torch.split(gates, width, -1)
        d_before = d_hidden * keep
        d_projected = d_hidden.new_empty(*d_hidden.shape[:-1], 3 * width)
        d_gates, d_new = torch.split(d_projected, [2 * width, width], -1)
        d_reset, d_keep = torch.split(d_gates, width, -1)
        torch.mul(d_hidden - d_before, 1 - new * new, out=d_new)
        torch.mul(d_hidden, hidden - new, out=d_keep)
        torch.mul(d_new, to_new, out=d_reset)
        d_gates.mul_(gates - gates * gates)
        d_recurrent = d_projected.clone()
        d_recurrent[..., 2 * width :].mul_(reset)
        return d_projected, d_recurrent, d_before


def gru_step(projected: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
    """The state after a step.

    Args:
        projected: (..., 3 hidden_dim), of the input, before squashing: reset, update, new content
        recurrent: (..., 3 hidden_dim), the same of the state before
        hidden: (..., hidden_dim), the state before
    """
    kind = hidden.dtype
    projected, recurrent = projected.to(kind), recurrent.to(kind)
    if not torch.is_grad_enabled():
        return _step(projected, recurrent, hidden).hidden
    after: Tensor = _GRUStep.apply(projected, recurrent, hidden)  # type: ignore[no-untyped-call]
    return after
