"""All steps of an LSTM with one gradient for them together.

What no step waits for is computed for all steps at once: forward the input half of the gates,
backward every derivative that the states decide. The loop is left with the recurrence itself.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _LSTMLayer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, projected: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        steps, batch, width = len(projected), *cell.shape
        gates = cell.new_empty(steps, batch, 4 * width)
        hiddens, cells = (cell.new_empty(steps + 1, batch, width) for _ in range(2))
        squashed = cell.new_empty(steps, batch, width)  # tanh of the cell state after each step
        hiddens[0], cells[0] = hidden, cell
        kind = projected.dtype
        recurrent = weight.to(kind).t()
        h, c, tanh_c = hiddens.unbind(0), cells.unbind(0), squashed.unbind(0)
        i, f, g, o = (part.unbind(0) for part in gates.chunk(4, -1))
        in_and_forget = gates[..., : 2 * width].unbind(0)
        for step, (inputs, all_gates) in enumerate(zip(projected, gates, strict=True)):
            all_gates.copy_(torch.addmm(inputs, h[step].to(kind), recurrent))
            in_and_forget[step].sigmoid_()
            g[step].tanh_()
            o[step].sigmoid_()
            torch.mul(f[step], c[step], out=c[step + 1]).addcmul_(i[step], g[step])
            torch.mul(o[step], torch.tanh(c[step + 1], out=tanh_c[step]), out=h[step + 1])
        ctx.save_for_backward(weight, gates, hiddens, cells, squashed)
        ctx.kind = kind
        ctx.set_materialize_grads(False)
        return hiddens[1:], cells[1:]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        weight, gates, hiddens, cells, squashed = ctx.saved_tensors
        steps, batch, width = squashed.shape
        i, f, g, o = gates.chunk(4, -1)
        d_gates = gates - gates * gates  # of the sigmoid; of tanh it is set next
        d_i, d_f, d_g, d_o = d_gates.chunk(4, -1)
        d_i.mul_(g)
        d_f.mul_(cells[:-1])
        torch.mul(i, 1 - g * g, out=d_g)
        d_o.mul_(squashed)
        through = o * (1 - squashed * squashed)  # from a hidden state to its cell state
        of_cell = d_gates.view(steps, batch, 4, width)[:, :, :3].unbind(0)
        of_output = d_o.unbind(0)
        recurrent = weight.to(ctx.kind)
        from_hidden, from_cell = grads
        d_hidden, d_cell = gates.new_zeros(batch, width), gates.new_zeros(batch, width)
        for step in reversed(range(steps)):
            if from_hidden is not None:
                d_hidden = d_hidden + from_hidden[step]
            if from_cell is not None:
                d_cell = d_cell + from_cell[step]
            d_cell = torch.addcmul(d_cell, d_hidden, through[step])
            of_cell[step].mul_(d_cell.unsqueeze(1))
            of_output[step].mul_(d_hidden)
            d_hidden = (d_gates[step].to(ctx.kind) @ recurrent).to(gates.dtype)
            d_cell = d_cell * f[step]
        flat = d_gates.flatten(0, 1)
        d_weight = flat.t() @ hiddens[:-1].flatten(0, 1)
        return d_gates.to(ctx.kind), d_weight, d_hidden, d_cell


def lstm_layer(
    projected: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor]:
    """Hidden and cell states after every step, each (steps, batch, hidden_dim).

    Args:
        projected: (steps, batch, 4 hidden_dim), the input half of the gates: input, forget, new
            content, output
        weight: (4 hidden_dim, hidden_dim), of the recurrent half
        hidden: (batch, hidden_dim), the state before the first step
        cell: (batch, hidden_dim), the cell state before it
    """
    hiddens, cells = _LSTMLayer.apply(projected, weight, hidden, cell)  # type: ignore[no-untyped-call]
    return hiddens, cells
