"""Location-aware attention against plain loops over filters, positions and steps."""

from __future__ import annotations

import numpy as np
import pytest

from attncli.registry import Choice
from tests.attention.stepping import (
    LENGTHS,
    STEPS,
    additive,
    general,
    inputs,
    looks,
    made,
    numbers,
    softmax,
)


def features_of(attention, last, s, reach):
    """U f_s, f_s[k] = sum_j F[k, j] a[s + j - reach]."""
    filters = numbers(attention.slide.weight)[:, 0]
    found = np.zeros(len(filters))
    for k, kernel in enumerate(filters):
        for j, tap in enumerate(kernel):
            if 0 <= s + j - reach < len(last):
                found[k] += tap * last[s + j - reach]
    return numbers(attention.feature.weight) @ found


@pytest.mark.parametrize("score", [additive, general], ids=lambda score: score.__name__)
def test_the_last_weights_enter_the_score(score):
    reach = 2
    choice = Choice("attention", score.__name__)
    attention = made("location-aware", score=choice, filters=3, reach=reach)
    query, states, mask = inputs()
    attended = looks(attention, query, states, mask)
    for row, length in enumerate(LENGTHS):
        last = np.zeros(length)
        for step in range(STEPS):
            asked = numbers(query)[row, step]
            last = softmax(
                [
                    score(
                        attention.scorer,
                        asked,
                        numbers(states)[row, s],
                        features_of(attention, last, s, reach),
                    )
                    for s in range(length)
                ]
            )
            weights = numbers(attended[step].weights)[row, 0]
            np.testing.assert_allclose(weights[:length], last, atol=1e-12)
            assert (weights[length:] == 0).all()


def test_the_first_step_is_its_score_alone():
    attention = made("location-aware")
    query, states, mask = inputs(steps=1)
    (attended,) = looks(attention, query, states, mask)
    (plain,) = looks(attention.scorer, query, states, mask)
    np.testing.assert_allclose(numbers(attended.weights), numbers(plain.weights), atol=1e-12)
