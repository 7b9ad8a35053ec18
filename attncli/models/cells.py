"""Recurrent cells: Hochreiter and Schmidhuber 1997 (LSTM); Cho et al. 2014, arXiv 1406.1078 (GRU).

A cell's input half is a product that does not wait for the step before, so it is computed for all
steps together; only the recurrent half is in the loop.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.models.gru_step import gru_step
from attncli.models.lstm_step import lstm_step
from attncli.recurring import Recurring, unrolled
from attncli.registry import Choice

HELD = 60.0  # sigmoid(60) is 1 and sigmoid(-60) nothing, whatever else a gate reads

CellChoice = Annotated[Choice, "cell"]


class Ran(NamedTuple):
    """What came of running a cell over sequences."""

    outputs: Tensor  # (batch, steps, hidden_dim); of padding whatever
    end: tuple[Tensor, ...]  # the state after the last real step, each part (batch, hidden_dim)


def last(states: Tensor, mask: Tensor) -> Tensor:
    """Of states (batch, steps, width) those at the last real step, (batch, width)."""
    return states[torch.arange(states.size(0), device=states.device), mask.sum(1) - 1]


class Cell(nn.Module):
    """One recurrent layer. `parts` names the tensors of its state; the first is its output.

    Options:
        layer_norm: normalize both halves of the gates (Ba et al. 2016, arXiv 1607.06450)
    """

    family: ClassVar[str] = "cell"
    name: ClassVar[str | None] = None
    parts: ClassVar[tuple[str, ...]] = ("hidden",)
    gates: ClassVar[int]

    def __init__(self, input_dim: int, hidden_dim: int, *, layer_norm: bool = False) -> None:
        super().__init__()
        width = self.gates * hidden_dim
        self.hidden_dim = hidden_dim
        self.input = Recurring(input_dim, width)
        self.hidden = Recurring(hidden_dim, width, bias=False)
        for weight in (self.input.weight, self.hidden.weight):
            nn.init.uniform_(weight, -1 / math.sqrt(hidden_dim), 1 / math.sqrt(hidden_dim))
        nn.init.zeros_(self.input.bias)
        self.layer_norm = layer_norm
        self.input_norm = nn.LayerNorm(width) if layer_norm else nn.Identity()
        self.hidden_norm = nn.LayerNorm(width, bias=False) if layer_norm else nn.Identity()

    def project(self, inputs: Tensor) -> Tensor:
        """The input half of the gates, (..., gates * hidden_dim), for any number of steps."""
        projected: Tensor = self.input_norm(self.input(inputs))
        return projected

    def forward(self, projected: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """One step from the projected input (..., gates * hidden_dim)."""
        raise NotImplementedError

    def run(self, inputs: Tensor, state: tuple[Tensor, ...], mask: Tensor) -> Ran:
        """All steps of inputs (batch, steps, input_dim) after a state.

        In a row of the mask (batch, steps) padding stands behind what is real.
        """
        states = []
        steps = self.project(inputs).unbind(1)
        with unrolled():
            for projected in steps:
                state = self(projected, state)
                states.append(state)
        parts = [torch.stack(part, 1) for part in zip(*states, strict=True)]
        return Ran(parts[0], tuple(last(part, mask) for part in parts))

    def zeros(self, batch: int) -> tuple[Tensor, ...]:
        """The state before the first step."""
        blank = self.input.weight.new_zeros(batch, self.hidden_dim)
        return tuple(blank for _ in self.parts)


class LSTM(Cell):
    """Long short-term memory.

    i, f, o = sigmoid(W x_t + U h_t-1 + b)      g = tanh(W x_t + U h_t-1 + b)
    c_t = f * c_t-1 + i * g                     h_t = o * tanh(c_t)
    """

    name = "lstm"
    parts = ("hidden", "cell")
    gates = 4

    def __init__(self, input_dim: int, hidden_dim: int, *, layer_norm: bool = False) -> None:
        super().__init__(input_dim, hidden_dim, layer_norm=layer_norm)
        nn.init.ones_(self.input.bias[hidden_dim : 2 * hidden_dim])

    def forward(self, projected: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden, cell = state
        return lstm_step(self.hidden_norm(self.hidden(hidden)).add_(projected), cell)

    def run(self, inputs: Tensor, state: tuple[Tensor, ...], mask: Tensor) -> Ran:
        """The same by torch's kernel, which says the cell state after the last step alone.

        The kernel has no layer norm, and on many processors no bf16.
        """
        if self.layer_norm or torch.is_autocast_enabled(inputs.device.type):
            return super().run(inputs, state, mask)
        weight = self.input.weight
        if not mask.all():
            inputs, weight = self.holding(inputs, mask)
        outputs, _, cell = torch.lstm(
            inputs,
            [part.unsqueeze(0) for part in state],
            [weight, self.hidden.weight, self.input.bias, torch.zeros_like(self.input.bias)],
            has_biases=True,
            num_layers=1,
            dropout=0.0,
            train=self.training,
            bidirectional=False,
            batch_first=True,
        )
        outputs = outputs.to(state[0].dtype)
        return Ran(outputs, (last(outputs, mask), cell[0].to(state[0].dtype)))

    def holding(self, inputs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and their weight with a column more, so that the state outlasts padding.

        It shuts the input gates of padding and opens its forget gates: f = 1 and i = 0 leave c as
        it was, and c after the last step is that of the last word.
        """
        weight = self.input.weight
        padding = (~mask).unsqueeze(-1).to(inputs.dtype)
        holds = torch.tensor([-HELD, HELD, 0.0, 0.0], device=inputs.device)
        column = holds.repeat_interleave(self.hidden_dim).unsqueeze(1).to(weight.dtype)
        return torch.cat([inputs, padding], -1), torch.cat([weight, column], 1)


class GRU(Cell):
    """Gated recurrent unit, the reset gate applied after the product with the state.

    r, z = sigmoid(W x_t + U h_t-1 + b)      n = tanh(W x_t + r * (U h_t-1) + b)
    h_t = (1 - z) * n + z * h_t-1
    """

    name = "gru"
    gates = 3

    def forward(self, projected: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (hidden,) = state
        return (gru_step(projected, self.hidden_norm(self.hidden(hidden)), hidden),)


class GRUCho(Cell):
    """Gated recurrent unit as its paper has it, the reset gate applied before the product.

        r, z = sigmoid(W x_t + U h_t-1 + b)      n = tanh(W x_t + U (r * h_t-1) + b)
        h_t = (1 - z) * h_t-1 + z * n

    z is the share of the new state (Bahdanau 2015, appendix A.1.1).
    """

    name = "gru-cho"
    gates = 3

    def __init__(self, input_dim: int, hidden_dim: int, *, layer_norm: bool = False) -> None:
        if layer_norm:
            raise UsageError("gru-cho has no layer norm (try gru)")
        super().__init__(input_dim, hidden_dim, layer_norm=layer_norm)
        gates, new = torch.split(self.hidden.weight.detach(), [2 * hidden_dim, hidden_dim])
        self.hidden = Recurring(hidden_dim, 2 * hidden_dim, bias=False)
        self.inner = Recurring(hidden_dim, hidden_dim, bias=False)
        self.hidden.weight.data.copy_(gates)
        self.inner.weight.data.copy_(new)

    def forward(self, projected: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (hidden,) = state
        from_gates, from_new = torch.split(projected, [2 * self.hidden_dim, self.hidden_dim], -1)
        gates = torch.sigmoid(from_gates + self.hidden(hidden))
        reset, new_share = torch.split(gates, self.hidden_dim, -1)
        new = torch.tanh(from_new + self.inner(reset * hidden))
        return (hidden + new_share * (new - hidden),)
