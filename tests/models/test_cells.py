"""Whole layers of a cell against the loop over its steps."""

from __future__ import annotations

import pytest
import torch

from attncli.models.cells import LSTM, Cell

LENGTHS = torch.tensor([5, 1, 3])
MASK = torch.arange(5) < LENGTHS.unsqueeze(1)
FULL = torch.ones(3, 5, dtype=torch.bool)


@pytest.mark.parametrize("mask", [MASK, FULL], ids=["padded", "full"])
@pytest.mark.parametrize("kind", [torch.float, torch.double])
@pytest.mark.parametrize("reads", [("outputs",), ("hidden",), ("cell",), ("outputs", "cell")])
def test_an_lstm_layer_equals_the_loop_over_its_steps(reads, kind, mask):
    torch.manual_seed(0)
    lstm = LSTM(4, 6).to(kind)
    given = [torch.randn(3, *shape, dtype=kind) for shape in ((5, 4), (6,), (6,))]
    results = []
    for run in (LSTM.run, Cell.run):
        lstm.zero_grad()
        inputs, *state = (part.clone().requires_grad_() for part in given)
        ran = run(lstm, inputs, tuple(state), mask)
        outputs = ran.outputs * mask.unsqueeze(-1)
        found = {"outputs": outputs, "hidden": ran.end[0], "cell": ran.end[1]}
        sum((found[name] * found[name].detach().cos()).sum() for name in reads).backward()
        gradients = [part.grad for part in (inputs, *state, *lstm.parameters())]
        results.append([*found.values(), *gradients])
    for left, right in zip(*results, strict=True):
        torch.testing.assert_close(left, right)


def test_padding_changes_nothing_however_long_it_is():
    lstm = LSTM(4, 6)
    inputs = torch.randn(1, 3, 4)
    alone = lstm.run(inputs, lstm.zeros(1), torch.ones(1, 3, dtype=torch.bool))
    padded = torch.cat([inputs, torch.full((1, 200, 4), 9.0)], 1)
    among = lstm.run(padded, lstm.zeros(1), torch.arange(203).unsqueeze(0) < 3)
    torch.testing.assert_close(among.end, alone.end)
    torch.testing.assert_close(among.outputs[:, :3], alone.outputs)
