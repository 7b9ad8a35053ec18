"""The LSTM step with its own gradient against its equations."""

from __future__ import annotations

import pytest
import torch

from attncli.models.lstm_step import lstm_step


def plain_lstm_step(gates, cell):
    """By its equations."""
    i, f, g, o = gates.chunk(4, -1)
    after = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(after), after


@pytest.mark.parametrize("rows", [(3, 5), (1, 1)])
def test_values_and_gradients_equal_the_plain_step(rows):
    torch.manual_seed(0)
    inputs = [torch.randn(*rows, width, dtype=torch.double) for width in (24, 6)]
    results = []
    for step in (lstm_step, plain_lstm_step):
        gates, cell = (part.clone().requires_grad_() for part in inputs)
        hidden, after = step(gates, cell)
        (hidden * 2 + after * hidden).sum().backward()
        results.append((hidden, after, gates.grad, cell.grad))
    for left, right in zip(*results, strict=True):
        torch.testing.assert_close(left, right)


def test_without_a_gradient_it_equals_the_plain_step():
    gates, cell = torch.randn(2, 12), torch.randn(2, 3)
    with torch.no_grad():
        found = lstm_step(gates, cell)
    torch.testing.assert_close(found, plain_lstm_step(gates, cell))


def test_its_gradient_is_right():
    gates = torch.randn(2, 12, dtype=torch.double, requires_grad=True)
    cell = torch.randn(2, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lstm_step, (gates, cell))
