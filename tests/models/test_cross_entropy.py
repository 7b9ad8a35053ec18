"""The chunked output layer against its definition; dropout against its rate."""

from __future__ import annotations

import pytest
import torch

from attncli.models.cross_entropy import SMALL, largest_logit, projected_cross_entropy
from attncli.models.dropout import Dropout


def plain_cross_entropy(hidden, weight, bias, target, smoothing):
    """By definition, with all logits at once."""
    logits = torch.nn.functional.linear(hidden, weight, bias)
    entropy = torch.nn.functional.cross_entropy
    loss = entropy(logits, target, reduction="sum", label_smoothing=smoothing)
    return loss, entropy(logits, target, reduction="sum").detach()


@pytest.mark.parametrize("scale", [1.0, 100.0], ids=["small logits", "large logits"])
@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_the_chunked_loss_and_its_gradients_equal_the_plain_ones(smoothing, has_bias, scale):
    torch.manual_seed(0)
    parts = [torch.randn(1100, 8, dtype=torch.double), torch.randn(30, 8, dtype=torch.double)]
    parts[1] *= scale  # powers of the large ones are beyond all numbers
    parts.append(torch.randn(30, dtype=torch.double))
    target = torch.randint(30, (1100,))
    results = []
    for loss in (projected_cross_entropy, plain_cross_entropy):
        hidden, weight, bias = (part.clone().requires_grad_() for part in parts)
        total, nll = loss(hidden, weight, bias if has_bias else None, target, smoothing)
        (total * 0.3).backward()
        results.append((total, nll, hidden.grad, weight.grad, bias.grad))
    for left, right in zip(*results, strict=True):
        assert (left is None) == (right is None)
        if left is not None:
            torch.testing.assert_close(left, right)


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_no_logit_exceeds_what_is_said_of_the_largest(scale):
    torch.manual_seed(0)
    hidden, weight, bias = scale * torch.randn(50, 8), torch.randn(30, 8), torch.randn(30)
    logits = torch.nn.functional.linear(hidden, weight, bias)
    assert logits.abs().max() <= largest_logit(hidden, weight, bias)
    assert (largest_logit(hidden, weight, bias) > SMALL) == (scale > 1)
    assert largest_logit(hidden[:0], weight, bias) == 0


def test_no_gradient_is_computed_where_none_is_wanted():
    hidden, weight = torch.randn(5, 4), torch.randn(7, 4)
    total, nll = projected_cross_entropy(hidden, weight, None, torch.arange(5), 0.0)
    assert not total.requires_grad
    torch.testing.assert_close(total, nll)


def test_dropout_drops_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    dropout = Dropout(0.3).train()
    values = torch.ones(1000, 1000, requires_grad=True)
    kept = dropout(values)
    kept.sum().backward()
    dropped = kept.detach()
    assert float((dropped == 0).float().mean()) == pytest.approx(77 / 256, abs=0.002)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.005)
    torch.testing.assert_close(values.grad, dropped)
    columns = (dropped == 0).float().mean(0)
    assert float(columns.std()) < 0.03
    assert dropout.eval()(values) is values


@pytest.mark.parametrize("kind", [torch.float, torch.double, torch.bfloat16])
def test_what_dropout_keeps_is_scaled_and_so_is_its_gradient(kind):
    torch.manual_seed(0)
    values = torch.randn(7, 9, dtype=kind, requires_grad=True)
    gradient = torch.randn(7, 9, dtype=kind)
    kept = Dropout(0.3).train()(values)
    kept.backward(gradient)
    mask = kept.detach() != 0
    assert 0 < int(mask.sum()) < mask.numel()
    torch.testing.assert_close(kept, values * mask * (256 / 179))
    torch.testing.assert_close(values.grad, gradient * mask * (256 / 179))
