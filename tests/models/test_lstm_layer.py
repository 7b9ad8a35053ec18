"""All steps of an LSTM at once against the loop over its steps."""

from __future__ import annotations

import pytest
import torch

from attncli.models.cells import LSTM, Cell
from attncli.models.lstm_layer import lstm_layer


@pytest.mark.parametrize("reads", [("hidden",), ("cell",), ("hidden", "cell")])
def test_values_and_gradients_equal_those_of_the_loop(reads):
    torch.manual_seed(0)
    lstm = LSTM(4, 6).double()
    given = [torch.randn(3, *shape, dtype=torch.double) for shape in ((5, 4), (6,), (6,))]
    results = []
    for run in (LSTM.run, Cell.run):
        lstm.zero_grad()
        inputs, *state = (part.clone().requires_grad_() for part in given)
        states = dict(zip(lstm.parts, run(lstm, inputs, tuple(state)), strict=True))
        sum((states[name] * states[name].detach().cos()).sum() for name in reads).backward()
        gradients = [part.grad for part in (inputs, *state, *lstm.parameters())]
        results.append([*states.values(), *gradients])
    for left, right in zip(*results, strict=True):
        torch.testing.assert_close(left, right)


def test_its_gradient_is_right():
    shapes = ((4, 2, 12), (12, 3), (2, 3), (2, 3))
    given = tuple(torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in shapes)
    assert torch.autograd.gradcheck(lstm_layer, given)


def test_rounded_inputs_keep_states_in_float32():
    lstm = LSTM(4, 6)
    inputs = torch.randn(3, 5, 4)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = lstm.run(inputs, lstm.zeros(3))
        rounded[0].sum().backward()
    exact = lstm.run(inputs, lstm.zeros(3))
    assert rounded[0].dtype == torch.float32
    torch.testing.assert_close(rounded, exact, atol=0.02, rtol=0.02)
    assert lstm.hidden.weight.grad.isfinite().all()
