"""The GRU step with its own gradient against its equations."""

from __future__ import annotations

import torch

from attncli.models.gru_step import gru_step


def plain_gru_step(projected, recurrent, hidden):
    """By its equations."""
    from_reset, from_keep, from_new = projected.chunk(3, -1)
    to_reset, to_keep, to_new = recurrent.chunk(3, -1)
    keep = torch.sigmoid(from_keep + to_keep)
    new = torch.tanh(from_new + torch.sigmoid(from_reset + to_reset) * to_new)
    return (1 - keep) * new + keep * hidden


def test_values_and_gradients_equal_the_plain_step():
    torch.manual_seed(0)
    inputs = [torch.randn(3, 5, width, dtype=torch.double) for width in (18, 18, 6)]
    results = []
    for step in (gru_step, plain_gru_step):
        parts = [part.clone().requires_grad_() for part in inputs]
        after = step(*parts)
        (after * after).sum().backward()
        results.append((after, *(part.grad for part in parts)))
    for left, right in zip(*results, strict=True):
        torch.testing.assert_close(left, right)


def test_without_a_gradient_it_equals_the_plain_step():
    inputs = [torch.randn(2, width) for width in (9, 9, 3)]
    with torch.no_grad():
        found = gru_step(*inputs)
    torch.testing.assert_close(found, plain_gru_step(*inputs))


def test_its_gradient_is_right():
    torch.manual_seed(0)
    inputs = [torch.randn(2, width, dtype=torch.double, requires_grad=True) for width in (9, 9, 3)]
    assert torch.autograd.gradcheck(gru_step, inputs)
