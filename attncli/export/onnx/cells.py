"""Recurrent cells that read a whole sentence, as the operators that ONNX has for them.

ONNX's LSTM has its gates in the order input, output, forget, new; its GRU update, reset, new:

    h_t = (1 - z) * n + z * h_t-1

with the reset gate before (`linear_before_reset` 0) or after the product with the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from attncli.errors import UsageError
from attncli.export.onnx.operators import OPERATORS
from attncli.models.cells import GRU, LSTM, Cell, GRUCho, Ran

# Operators without a kernel: they are traced, and what they compute is ONNX's.
OPERATORS.define(  # type: ignore[no-untyped-call]
    "lstm(Tensor inputs, Tensor lengths, Tensor hidden, Tensor cell, Tensor w, Tensor u, "
    "Tensor bias) -> (Tensor, Tensor, Tensor)"
)
OPERATORS.define(  # type: ignore[no-untyped-call]
    "gru(Tensor inputs, Tensor lengths, Tensor hidden, Tensor w, Tensor u, Tensor bias, "
    "int after) -> (Tensor, Tensor)"
)


def _lstm_shapes(
    inputs: Tensor, lengths: Tensor, hidden: Tensor, cell: Tensor, *weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    return _outputs(inputs, hidden), torch.empty_like(hidden), torch.empty_like(cell)


def _gru_shapes(
    inputs: Tensor, lengths: Tensor, hidden: Tensor, *weights: Tensor | int
) -> tuple[Tensor, Tensor]:
    return _outputs(inputs, hidden), torch.empty_like(hidden)


def _outputs(inputs: Tensor, hidden: Tensor) -> Tensor:
    return inputs.new_empty(inputs.size(0), inputs.size(1), hidden.size(1))


torch.library.register_fake("attncli::lstm", _lstm_shapes, lib=OPERATORS)
torch.library.register_fake("attncli::gru", _gru_shapes, lib=OPERATORS)


def translations() -> dict[Any, Callable[..., Any]]:
    """What these operators are in ONNX: outputs (batch, steps, hidden), states (batch, hidden)."""
    from onnxscript import opset18

    op: Any = opset18

    def lstm(
        inputs: Any, lengths: Any, hidden: Any, cell: Any, w: Any, u: Any, bias: Any
    ) -> tuple[Any, Any, Any]:
        outputs, last, after = op.LSTM(
            op.Transpose(inputs, perm=[1, 0, 2]),
            *(op.Unsqueeze(part, [0]) for part in (w, u, bias)),
            op.Cast(lengths, to=6),
            *(op.Unsqueeze(part, [0]) for part in (hidden, cell)),
            hidden_size=u.shape[1],
        )
        states = (op.Squeeze(part, [0]) for part in (last, after))
        return op.Transpose(op.Squeeze(outputs, [1]), perm=[1, 0, 2]), *states

    def gru(
        inputs: Any, lengths: Any, hidden: Any, w: Any, u: Any, bias: Any, after: int
    ) -> tuple[Any, Any]:
        outputs, last = op.GRU(
            op.Transpose(inputs, perm=[1, 0, 2]),
            *(op.Unsqueeze(part, [0]) for part in (w, u, bias)),
            op.Cast(lengths, to=6),
            op.Unsqueeze(hidden, [0]),
            hidden_size=u.shape[1],
            linear_before_reset=after,
        )
        return op.Transpose(op.Squeeze(outputs, [1]), perm=[1, 0, 2]), op.Squeeze(last, [0])

    return {torch.ops.attncli.lstm.default: lstm, torch.ops.attncli.gru.default: gru}


Run = Callable[[Tensor, tuple[Tensor, ...], Tensor], Ran]


def read_at_once(cell: Cell) -> Run:
    """What takes the place of the cell's `run`.

    Raises:
        UsageError: the cell has a layer norm.
    """
    if cell.layer_norm:
        raise UsageError("ONNX has no cell with a layer norm (translate with --engine torch)")
    return {LSTM: _lstm, GRU: _gru, GRUCho: _gru_cho}[type(cell)](cell)


def _lstm(cell: Cell) -> Run:
    w, u, bias = _weights(cell, cell.hidden.weight, "ifgo", "iofg")

    def run(inputs: Tensor, state: tuple[Tensor, ...], mask: Tensor) -> Ran:
        outputs, *end = torch.ops.attncli.lstm(inputs, mask.sum(1), *state, w, u, bias)
        return Ran(outputs, tuple(end))

    return run


def _gru(cell: Cell) -> Run:
    return _gru_of(_weights(cell, cell.hidden.weight, "rzn", "zrn"), after=1)


def _gru_cho(cell: Cell) -> Run:
    """Its z is the share of the new state: ONNX's is 1 - sigmoid(x) = sigmoid(-x)."""
    hidden = torch.cat([cell.hidden.weight, cell.get_parameter("inner.weight")])
    weights = _weights(cell, hidden, "rzn", "zrn")
    for part in weights:
        part[: cell.hidden_dim] *= -1
    return _gru_of(weights, after=0)


def _gru_of(weights: tuple[Tensor, Tensor, Tensor], after: int) -> Run:
    def run(inputs: Tensor, state: tuple[Tensor, ...], mask: Tensor) -> Ran:
        outputs, *end = torch.ops.attncli.gru(inputs, mask.sum(1), *state, *weights, after)
        return Ran(outputs, tuple(end))

    return run


def _weights(cell: Cell, hidden: Tensor, gates: str, order: str) -> tuple[Tensor, Tensor, Tensor]:
    """Both weights and both biases, with the gates in another order."""
    places = [gates.index(gate) for gate in order]
    bias = ordered(cell.input.bias, places)
    both = torch.cat([bias, torch.zeros_like(bias)])
    return ordered(cell.input.weight, places), ordered(hidden, places), both


def ordered(part: Tensor, gates: list[int]) -> Tensor:
    """The rows of a weight or bias in the order of these gates."""
    blocks = part.detach().chunk(len(gates))
    return torch.cat([blocks[gate] for gate in gates])
