"""The pointwise half of an LSTM step, with its gradient written out.

A step is a few products and many small operations; done one by one, each of those leaves a node
in the graph, and on a CPU these cost more than the arithmetic.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor


class _Stepped(NamedTuple):
    """What a step computes."""

    squashed: Tensor  # (..., 4 hidden_dim), all gates by the sigmoid
    new: Tensor  # (..., hidden_dim), as are the others
    cell: Tensor
    tanh_cell: Tensor
    hidden: Tensor


def _step(gates: Tensor, cell: Tensor) -> _Stepped:
    width = cell.size(-1)
    squashed = torch.sigmoid(gates)
    i, f, _, o = torch.split(squashed, width, -1)
    g = torch.tanh(gates[..., 2 * width : 3 * width].contiguous())
    after = (f * cell).addcmul_(i, g)
    tanh_cell = torch.tanh(after)
    return _Stepped(squashed, g, after, tanh_cell, o * tanh_cell)


class _LSTMStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        found = _step(gates, cell)
        ctx.save_for_backward(found.squashed, found.new, cell, found.tanh_cell)
        return found.hidden, found.cell

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        d_hidden, d_after = grads
        squashed, g, cell, tanh_cell = ctx.saved_tensors
        width = cell.size(-1)
        i, f, _, o = torch.split(squashed, width, -1)
        d_cell = torch.addcmul(d_after, d_hidden * o, 1 - tanh_cell * tanh_cell)
        d_gates = torch.addcmul(squashed, squashed, squashed, value=-1)
        d_i, d_f, d_g, d_o = torch.split(d_gates, width, -1)
        d_i.mul_(d_cell * g)
        d_f.mul_(d_cell * cell)
        torch.mul(d_cell * i, 1 - g * g, out=d_g)
        d_o.mul_(d_hidden * tanh_cell)
        return d_gates, d_cell.mul_(f)


def lstm_step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden and cell state after a step.

    Args:
        gates: (..., 4 hidden_dim), before squashing: input, forget, new content, output
        cell: (..., hidden_dim), the cell state before
    """
    gates = gates.to(cell.dtype)
    if not torch.is_grad_enabled():
        found = _step(gates, cell)
        return found.hidden, found.cell
    hidden, after = _LSTMStep.apply(gates, cell)  # type: ignore[no-untyped-call]
    return hidden, after
