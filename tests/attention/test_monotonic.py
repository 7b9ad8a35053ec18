"""Monotonic attention against its recurrence, and against every reading one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from attncli.attention.monotonic import Monotonic, coming
from attncli.errors import UsageError
from attncli.registry import Choice
from tests.attention.stepping import LENGTHS, STEPS, dense, inputs, looks, made, numbers, sigmoid


def test_a_normalizer_without_effect_is_refused():
    score = Choice("attention", "additive", {"normalize": Choice("normalizer", "sparsemax")})
    with pytest.raises(UsageError, match=r"monotonic makes .* the normalizer 'sparsemax' has no"):
        made("monotonic", score=score)


def probabilities(attention, asked, states):
    scores = [asked @ dense(attention.scorer.key, one) for one in states]
    return [sigmoid(attention.scale.item() * score + attention.offset.item()) for score in scores]


def general(**options):
    return made("monotonic", score=Choice("attention", "general"), **options)


def test_the_weights_are_the_recurrence_of_the_paper():
    attention = general()
    query, states, mask = inputs()
    attended = looks(attention, query, states, mask)
    for row, length in enumerate(LENGTHS):
        last = np.eye(length)[0]
        for step in range(STEPS):
            p = probabilities(attention, numbers(query)[row, step], numbers(states)[row, :length])
            now, q = np.zeros(length), 0.0
            for s in range(length):
                q = (1 - p[s - 1]) * q + last[s] if s else last[0]
                now[s] = p[s] * q
            last = now
            weights = numbers(attended[step].weights)[row, 0]
            np.testing.assert_allclose(weights[:length], last, atol=1e-12)
            assert (weights[length:] == 0).all()


def test_the_weights_are_the_mean_over_all_readings():
    """Every way to stop in three steps over four words, with its probability."""
    attention = general()
    query, states, mask = inputs(lengths=(4,), steps=3)
    p = [probabilities(attention, asked, numbers(states)[0]) for asked in numbers(query)[0]]
    expected = np.zeros(4)
    for stops in itertools.combinations_with_replacement(range(4), 3):
        chance, at = 1.0, 0
        for step, stop in enumerate(stops):
            for passed in range(at, stop):
                chance *= 1 - p[step][passed]
            chance *= p[step][stop]
            at = stop
        expected[stops[-1]] += chance
    weights = looks(attention, query, states, mask)[-1].weights
    np.testing.assert_allclose(numbers(weights)[0, 0], expected, atol=1e-12)


def test_a_hard_reader_stops_at_the_first_word_that_is_likely_enough():
    attention = general(hard=True)
    query, states, mask = inputs(steps=8)
    attended = looks(attention, query, states, mask)
    for row, length in enumerate(LENGTHS):
        at: int | None = 0
        for step in range(8):
            p = probabilities(attention, numbers(query)[row, step], numbers(states)[row, :length])
            stops = [] if at is None else [s for s in range(at, length) if p[s] > 0.5]
            at = stops[0] if stops else None
            expected = np.zeros(max(LENGTHS)) if at is None else np.eye(max(LENGTHS))[at]
            np.testing.assert_array_equal(numbers(attended[step].weights)[row, 0], expected)


def test_a_hard_reader_is_trained_by_its_expectation():
    soft, hard = general(noise=0.0).train(), general(noise=0.0, hard=True).train()
    query, states, mask = inputs()
    pairs = zip(looks(soft, query, states, mask), looks(hard, query, states, mask), strict=True)
    for left, right in pairs:
        torch.testing.assert_close(left.weights, right.weights)


def test_noise_is_added_in_training_alone():
    attention = general(noise=0.5)
    query, states, mask = inputs()
    still = looks(attention, query, states, mask)[0]
    torch.manual_seed(0)
    noise = torch.randn_like(still.trace["scores"])
    torch.manual_seed(0)
    noisy = looks(attention.train(), query, states, mask)[0]
    torch.testing.assert_close(noisy.trace["scores"], still.trace["scores"] + 0.5 * noise)


@pytest.mark.parametrize("stop", [0.0, 1e-30, 0.5, 1.0])
def test_a_long_sentence_neither_vanishes_into_nan_nor_grows(stop):
    shares = torch.full((1, 1, 500), stop, requires_grad=True)
    last = torch.zeros(1, 1, 500)
    last[..., 0] = 1.0
    weights = shares * coming(shares, last)
    weights.sum().backward()
    assert weights.sum() <= 1 + 1e-5
    assert shares.grad.isfinite().all()


def test_the_scale_starts_at_one_and_the_offset_where_it_is_set():
    attention = Monotonic(4, 4, offset=-3.0)
    assert (attention.scale.item(), attention.offset.item()) == (1.0, -3.0)
