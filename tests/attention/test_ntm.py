"""The Neural Turing machine's addressing, stage by stage, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attncli.attention.ntm import NeuralTuringMachine
from attncli.errors import UsageError
from attncli.registry import Choice
from tests.attention.stepping import (
    LENGTHS,
    STEPS,
    dense,
    inputs,
    looks,
    made,
    numbers,
    sigmoid,
    softmax,
    softplus,
)

ON = {"content": True, "interpolation": True, "shift": 2, "sharpening": True}
VARIANTS = [
    ON,
    {**ON, "interpolation": False},
    {**ON, "shift": 0},
    {**ON, "sharpening": False},
    {**ON, "content": False, "interpolation": False},
]


def by_hand(attention, query, states, options):
    """The weights of one sentence without padding, step by step: (steps, src_len)."""
    stages = iter(attention.stages)
    content = next(stages) if options["content"] else None
    gate = next(stages).gate if options["interpolation"] else None
    shift = next(stages).shares if options["shift"] else None
    power = next(stages).power if options["sharpening"] else None
    length = len(states)
    last = np.eye(length)[0]
    found = []
    for asked in query:
        weights = last
        if content:
            key = dense(content.key, asked)
            angles = [key @ one / np.linalg.norm(key) / np.linalg.norm(one) for one in states]
            weights = softmax(softplus(dense(content.strength, asked)) * np.array(angles))
        if gate:
            share = sigmoid(dense(gate, asked))
            weights = share * weights + (1 - share) * last
        if shift:
            moved = np.zeros(length)
            reach = options["shift"]
            for move, share in zip(
                range(-reach, reach + 1), softmax(dense(shift, asked)), strict=True
            ):
                for s in range(length):
                    moved[s] += share * weights[(s - move) % length]
            weights = moved
        if power:
            weights = weights ** (1 + softplus(dense(power, asked)))
            weights = weights / weights.sum()
        found.append(weights)
        last = weights
    return np.array(found)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_the_weights_are_those_of_the_four_equations(options):
    attention = made("ntm", **options)
    query, states, mask = inputs()
    attended = looks(attention, query, states, mask)
    for row, length in enumerate(LENGTHS):
        sentence = numbers(states)[row, :length]
        expected = by_hand(attention, numbers(query)[row], sentence, options)
        for step in range(STEPS):
            weights = numbers(attended[step].weights)[row, 0]
            np.testing.assert_allclose(weights[:length], expected[step], atol=1e-12)
            assert (weights[length:] == 0).all()
            context = numbers(attended[step].context)[row, 0]
            np.testing.assert_allclose(context, expected[step] @ sentence, atol=1e-12)


def only_shift(shares):
    attention = NeuralTuringMachine(
        2, 3, content=False, interpolation=False, shift=1, sharpening=False
    )
    torch.nn.init.zeros_(attention.stages[0].shares.weight)
    attention.stages[0].shares.bias.data = torch.tensor(shares).log()
    return attention


def test_the_shift_goes_around_the_true_length_and_never_into_padding():
    attention = only_shift([1e-30, 1e-30, 1.0])
    mask = torch.tensor([[True, True, True, False, False], [True] * 5])
    states = torch.zeros(2, 5, 3)
    attended = looks(attention, torch.zeros(2, 4, 2), states, mask)
    rests = [one.weights.argmax(-1).flatten().tolist() for one in attended]
    assert rests == [[1, 1], [2, 2], [0, 3], [1, 4]]
    back = looks(only_shift([1.0, 1e-30, 1e-30]), torch.zeros(2, 2, 2), states, mask)
    assert [one.weights.argmax(-1).flatten().tolist() for one in back] == [[2, 4], [1, 3]]


def test_a_shift_worked_by_hand():
    attended = looks(
        only_shift([0.25, 0.25, 0.5]),
        torch.zeros(1, 2, 2),
        torch.zeros(1, 3, 3),
        torch.ones(1, 3, dtype=torch.bool),
    )
    first, second = (one.weights.flatten() for one in attended)
    torch.testing.assert_close(first, torch.tensor([0.25, 0.5, 0.25]))
    # s: 0 stays .25 * .25, from 1 back .25 * .5, from 2 on .5 * .25
    torch.testing.assert_close(second, torch.tensor([5 / 16, 5 / 16, 6 / 16]))
    torch.testing.assert_close(attended[0].trace["shift"], torch.tensor([[0.25]]))


def test_high_powers_do_not_let_the_weights_vanish():
    attention = NeuralTuringMachine(2, 3, content=False, interpolation=False)
    attention.stages[1].power.bias.data.fill_(1e4)
    attended = looks(attention, torch.zeros(1, 1, 2), torch.zeros(1, 9, 3), torch.ones(1, 9) > 0)
    torch.testing.assert_close(attended[0].weights.sum(), torch.tensor(1.0))


def test_nothing_to_interpolate_with_is_refused():
    with pytest.raises(UsageError, match=r"set model\.attention\.interpolation=false too"):
        NeuralTuringMachine(2, 3, content=False)


def test_a_normalizer_of_nothing_is_refused():
    sparse = Choice("normalizer", "sparsemax")
    NeuralTuringMachine(2, 3, normalize=sparse)
    with pytest.raises(UsageError, match="without content has no scores, so the normalizer"):
        NeuralTuringMachine(2, 3, content=False, interpolation=False, normalize=sparse)
