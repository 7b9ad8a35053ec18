"""Each schedule's factor, worked by hand."""

from __future__ import annotations

import json
import math

import pytest

from attncli import registry


def schedule(name, **options):
    return registry.find("schedule", name)(**options)


def test_constant_warms_up_and_stays():
    assert schedule("constant").factor(1, 0, 0) == 1
    warm = schedule("constant", warmup=4)
    assert [warm.factor(step, 0, 0) for step in (1, 2, 4, 5, 999)] == [0.25, 0.5, 1, 1, 1]


def test_inverse_sqrt():
    found = schedule("inverse-sqrt", warmup=100)
    assert [found.factor(step, 0, 0) for step in (1, 50, 100)] == [0.01, 0.5, 1]
    assert found.factor(400, 0, 0) == pytest.approx(0.5)
    assert found.factor(10_000, 0, 0) == pytest.approx(0.1)


def test_noam_is_vaswani_s_equation():
    found = schedule("noam", warmup=4000, dim=512)
    assert found.factor(4000, 0, 0) == pytest.approx(6.9877e-4, rel=1e-4)
    assert found.factor(1, 0, 0) == pytest.approx(512**-0.5 * 4000**-1.5)
    assert found.factor(16_000, 0, 0) == pytest.approx(found.factor(4000, 0, 0) / 2)


def test_halving_halves_after_each_epoch_past_the_fifth():
    found = schedule("halving", start=5)
    epochs = [0.0, 4.99, 5.0, 5.5, 6.0, 7.9, 8.0]
    assert [found.factor(1, epoch, 0) for epoch in epochs] == [1, 1, 0.5, 0.5, 0.25, 0.125, 0.0625]
    assert schedule("halving", start=8).factor(1, 7.5, 0) == 1


def test_cosine_falls_by_half_a_wave():
    found = schedule("cosine")
    assert found.factor(1, 0, 0) == 1
    assert found.factor(1, 0, 0.5) == pytest.approx(0.5)
    assert found.factor(1, 0, 1 / 3) == pytest.approx(0.75)
    assert found.factor(1, 0, 1) == pytest.approx(0)


def test_cosine_warms_up_and_keeps_its_floor():
    found = schedule("cosine", warmup=10, floor=0.2)
    assert found.factor(5, 0, 0) == pytest.approx(0.5)
    assert found.factor(10, 0, 0.5) == pytest.approx(0.6)
    assert found.factor(5, 0, 0.5) == pytest.approx(0.3)
    assert found.factor(99, 9, 1) == pytest.approx(0.2)


def test_cosine_begins_again_with_each_cycle():
    found = schedule("cosine", warmup=10, cycles=2)
    shares = (0.25, 0.4999999, 0.5, 0.75, 1)
    assert [found.factor(99, 0, share) for share in shares] == pytest.approx([0.5, 0, 1, 0.5, 0])
    assert found.factor(5, 0, 0) == pytest.approx(0.5)


def heard(found, *values):
    factors = []
    for value in values:
        found.validated(value)
        factors.append(found.factor(100, 0, 0))
    return factors


def test_plateau_shrinks_after_more_than_its_patience():
    found = schedule("plateau", shrink=0.5, patience=2)
    assert heard(found, 9, 9, 9, 9, 9, 9, 9) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_plateau_waits_anew_after_an_improvement():
    found = schedule("plateau", shrink=0.5, patience=1)
    assert heard(found, 9, 9, 8, 8, 7, 7, 7) == [1, 1, 1, 1, 1, 1, 0.5]
    assert heard(found, 6.5, 6.5) == [0.5, 0.5], "the rate does not come back"


def test_plateau_warms_up():
    found = schedule("plateau", warmup=200, patience=0)
    assert found.factor(100, 0, 0) == 0.5
    assert heard(found, 5, 5) == [0.5, 0.25]


def test_plateau_goes_on_from_what_it_remembered():
    values = [9, 9, 8, 8, 8, 8, 8]
    straight = heard(schedule("plateau", patience=1), *values)
    for cut in range(1, len(values)):
        first, then = schedule("plateau", patience=1), schedule("plateau", patience=1)
        begun = heard(first, *values[:cut])
        then.recall(json.loads(json.dumps(first.remembered())))
        assert begun + heard(then, *values[cut:]) == straight


def test_plateau_can_be_kept_before_its_first_validation():
    first, then = schedule("plateau"), schedule("plateau")
    then.recall(json.loads(json.dumps(first.remembered())))
    assert then.best == math.inf
    assert heard(then, 9) == [1]


@pytest.mark.parametrize("name", registry.names("schedule"))
def test_every_factor_is_from_zero_to_one_and_what_is_remembered_is_json(name):
    found = schedule(name)
    for step in (1, 10, 1000, 100_000):
        for done in (0.0, 0.3, 1.0):
            assert 0 <= found.factor(step, done * 10, done) <= 1
    assert json.loads(json.dumps(found.remembered())) == found.remembered()
