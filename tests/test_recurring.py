"""Weight gradients after the loop equal those of plain layers, step by step."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

from attncli import recurring
from attncli.products import BY_ONEDNN, multiplied
from attncli.recurring import Factors, Recurring, dot_products, unrolled, weighted_sums


def gradients(layer, inputs, steps):
    """Of a small recurrence: the layer's output is its next input."""
    state = inputs
    for _ in range(steps):
        state = torch.tanh(layer(state))
    (state**2).sum().backward()
    found = [layer.weight.grad, inputs.grad, layer.bias.grad if layer.bias is not None else None]
    layer.zero_grad(set_to_none=True)
    inputs.grad = None
    return found


@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("shape", [(5, 4), (5, 3, 4)])
@pytest.mark.parametrize("steps", [1, 6])
def test_gradients_are_those_of_a_plain_layer(shape, steps, has_bias):
    torch.manual_seed(0)
    layer = Recurring(4, 4, bias=has_bias, dtype=torch.double)
    inputs = torch.randn(shape, dtype=torch.double, requires_grad=True)
    plain = gradients(layer, inputs, steps)
    with unrolled():
        deferred = gradients(layer, inputs, steps)
    for one, other in zip(plain, deferred, strict=True):
        if one is not None:
            torch.testing.assert_close(other, one)


def test_use_outside_of_the_loop_and_two_loops_add_up():
    torch.manual_seed(0)
    layer = Recurring(4, 4, dtype=torch.double)
    inputs = torch.randn(5, 4, dtype=torch.double)

    def loss(in_loop):
        first = layer(inputs)
        for _ in range(2):
            if in_loop:
                with unrolled():
                    first = layer(torch.tanh(layer(first)))
            else:
                first = layer(torch.tanh(layer(first)))
        return first.square().sum()

    results = []
    for in_loop in (True, False):
        loss(in_loop).backward()
        results.append(layer.weight.grad)
        layer.zero_grad(set_to_none=True)
    torch.testing.assert_close(*results)


def test_without_gradients_nothing_is_kept():
    layer = Recurring(4, 4)
    with unrolled(), torch.no_grad():
        assert not layer(torch.randn(2, 4)).requires_grad
    layer.requires_grad_(False)
    inputs = torch.randn(2, 4, requires_grad=True)
    with unrolled():
        layer(inputs).sum().backward()
    assert inputs.grad is not None
    assert layer.weight.grad is None


def test_a_step_without_a_gradient_leaves_none():
    layer = Recurring(4, 4)
    with unrolled():
        unused = layer(torch.randn(2, 4))
        (unused.detach().sum() + layer.bias.sum()).backward()
    assert layer.weight.grad is None


def test_nothing_of_a_loop_outlives_it(monkeypatch):
    made = []

    class Watched(Factors):
        def __init__(self):
            super().__init__()
            made.append(weakref.ref(self))

    monkeypatch.setattr(recurring, "Factors", Watched)
    layer = Recurring(4, 4)
    state = torch.randn(2, 4, requires_grad=True)
    with unrolled():
        for _ in range(3):
            state = torch.tanh(layer(state))
    state.sum().backward()
    del state
    gc.collect()
    assert [one() for one in made] == [None]


def looks(keys, values, queries):
    """Steps of which each looks with what the last one saw, and the gradients of what they read."""
    seen = queries
    for _ in range(4):
        weights = torch.softmax(dot_products(seen, keys), -1)
        seen = seen + torch.tanh(weighted_sums(weights, values))
    (seen**2).sum().backward()
    found = [part.grad for part in (keys, values, queries)]
    for part in (keys, values, queries):
        part.grad = None
    return found


def memory(dtype, kind, queries=2):
    """Keys, values and queries of three sentences; dot attention has one tensor for the first."""
    torch.manual_seed(0)
    drawn = [
        torch.randn(3, size, 64, dtype=dtype, requires_grad=True) for size in (70, 70, queries)
    ]
    return [drawn[0], drawn[0], drawn[2]] if kind == "shared" else drawn


@pytest.mark.parametrize("kind", ["apart", "shared"])
def test_gradients_of_a_memory_are_those_of_plain_products(kind):
    parts = memory(torch.double, kind)
    plain = looks(*parts)
    with unrolled():
        deferred = looks(*parts)
    for one, other in zip(plain, deferred, strict=True):
        torch.testing.assert_close(other, one)


def test_a_memory_gets_its_gradient_once(monkeypatch):
    made = []

    class Counted(Factors):
        def product(self):
            made.append(len(self.left))
            return super().product()

    monkeypatch.setattr(recurring, "Factors", Counted)
    with unrolled():
        looks(*memory(torch.float, "apart"))
    assert made == [4, 4]


@pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="no bf16 products on this processor"
)
def test_products_of_a_memory_stay_exact_where_those_of_weights_are_rounded():
    parts = memory(torch.float, "apart", queries=1)
    with unrolled():
        exact = looks(*parts)
    with unrolled(), multiplied(BY_ONEDNN):
        found = looks(*parts)
    for one, other in zip(exact, found, strict=True):
        assert torch.equal(other, one)
