"""Each optimizer's first steps, worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from attncli import registry
from attncli.registry import Choice

GRADIENTS = [0.5, -2.0, 1.0]


def steps(name, **options):
    """The parameter, 1.0 at first, after each step along the given gradients."""
    optimizer = registry.find("optimizer", name)(**options)
    parameter = torch.nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
    torch_s = optimizer.over([parameter])
    found = []
    for gradient in GRADIENTS:
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        torch_s.step()
        found.append(parameter.item())
    return found


def adam_by_hand(decay):
    value, mean, square, found = 1.0, 0.0, 0.0, []
    for step, gradient in enumerate(GRADIENTS, 1):
        value -= 0.1 * decay * value
        mean = 0.8 * mean + 0.2 * gradient
        square = 0.9 * square + 0.1 * gradient**2
        corrected = (mean / (1 - 0.8**step)) / (math.sqrt(square / (1 - 0.9**step)) + 1e-3)
        value -= 0.1 * corrected
        found.append(value)
    return found


def test_adam():
    found = steps("adam", lr=0.1, beta1=0.8, beta2=0.9, eps=1e-3)
    assert found == pytest.approx(adam_by_hand(0.0))


def test_adamw_decays_apart_from_the_gradient():
    found = steps("adamw", lr=0.1, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.3)
    assert found == pytest.approx(adam_by_hand(0.3))


def test_sgd_goes_down_the_gradient():
    assert steps("sgd", lr=0.1) == pytest.approx([0.95, 1.15, 1.05])


def test_momentum_keeps_a_share_of_the_last_step():
    assert steps("sgd", lr=0.1, momentum=0.5) == pytest.approx([0.95, 1.125, 1.1125])


def test_adadelta_has_bahdanau_s_values():
    value, squares, changes, expected = 1.0, 0.0, 0.0, []
    for gradient in GRADIENTS:
        squares = 0.95 * squares + 0.05 * gradient**2
        change = gradient * math.sqrt(changes + 1e-6) / math.sqrt(squares + 1e-6)
        changes = 0.95 * changes + 0.05 * change**2
        value -= change
        expected.append(value)
    assert steps("adadelta") == pytest.approx(expected)


def test_the_names_are_the_papers():
    assert registry.names("optimizer") == ["adadelta", "adam", "adamw", "sgd"]


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_its_learning_rate_is_what_was_set(name):
    optimizer = Choice("optimizer", name, {"lr": 0.125}).build()
    parameter = torch.nn.Parameter(torch.zeros(2))
    assert optimizer.over([parameter]).param_groups[0]["lr"] == optimizer.lr == 0.125
