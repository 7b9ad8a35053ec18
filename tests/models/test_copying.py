"""Weights on positions as chances: whatever an attention looks at, a distribution comes of it."""

from __future__ import annotations

import pytest
import torch

from attncli.marks import PAD
from attncli.models.copying import LEAST, shares
from attncli.objective import Objective, shifted
from attncli.registry import Choice
from tests.models.builders import recurrent, source, target

REAL = torch.tensor([[True, True, True, False]])
MASSES = [0.0, 1e-30, 1e-4, LEAST, 0.3, 1.0]


@pytest.mark.parametrize("mass", MASSES)
def test_they_sum_to_one_over_what_is_real(mass):
    found = shares(mass * torch.tensor([[[0.5, 0.3, 0.2, 0.0]]]), REAL.unsqueeze(1))
    torch.testing.assert_close(found.sum(-1), torch.ones(1, 1))
    assert found[..., 3] == 0
    if mass >= LEAST:
        torch.testing.assert_close(found[0, 0, :3], torch.tensor([0.5, 0.3, 0.2]))
    if mass == 0:
        torch.testing.assert_close(found[0, 0, :3], torch.full((3,), 1 / 3))


@pytest.mark.parametrize("mass", MASSES)
def test_their_gradients_are_bounded(mass):
    weights = (mass * torch.tensor([[[0.5, 0.3, 0.2, 0.0]]])).requires_grad_()
    (grad,) = torch.autograd.grad(shares(weights, REAL.unsqueeze(1))[0, 0, 0], weights)
    assert grad.abs().max() <= 1 / LEAST


@pytest.mark.parametrize("output", ["copy", "positions", "mixture"])
@pytest.mark.parametrize("offset", [-9.0, -80.0])
def test_a_reader_that_stops_almost_nowhere_can_train(output, offset):
    attention = Choice("attention", "monotonic", {"offset": offset})
    model = recurrent(attention=attention, output=Choice("output", output)).train()
    src, tgt = source(6, 3), target(4, 6)
    Objective()(model, src, tgt, None).total.backward()
    grads = [one.grad for one in model.parameters() if one.grad is not None]
    assert all(bool(grad.isfinite().all()) and grad.abs().max() < 1e4 for grad in grads)


@pytest.mark.parametrize("output", ["copy", "positions", "mixture"])
@torch.no_grad()
def test_a_reader_that_stops_nowhere_still_writes_a_distribution(output):
    attention = Choice("attention", "monotonic", {"offset": -80.0, "hard": True})
    model = recurrent(attention=attention, output=Choice("output", output))
    src, tgt = source(6, 3), target(4, 6)
    decoded = model(src, shifted(tgt), True)
    assert decoded.weights is not None
    assert (decoded.weights == 0).all()
    probabilities = model.output.log_probs(decoded, src).exp()
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(2, 6))
    if output == "positions":
        assert (probabilities[1, :, PAD] < 1e-30).all()
