"""An explanation agrees with the model; what is forced is what is looked at."""

from __future__ import annotations

import math

import pytest

import attncli as package
from attncli.errors import UsageError
from attncli.explain import Force, explain, explain_forced, read_force
from attncli.forced import force
from attncli.search import Search
from attncli.text.pair import Pair

SENTENCE = "ein Hund steht"


@pytest.fixture(scope="module")
def loaded(runs):
    return package.load(runs / "first").loaded


@pytest.fixture(scope="module")
def found(loaded):
    return explain(loaded, Search(beam=2), SENTENCE)


def test_words_have_the_probability_that_the_model_gives_them(loaded, found):
    (scored,) = force(loaded, [Pair(SENTENCE, found.text)])
    steps = [step for word in found.words for step in word.steps]
    assert [math.log(step.probability) for step in steps] == pytest.approx(
        scored.log_probs, abs=1e-3
    )
    for step in steps:
        shares = [share for _, share in step.instead]
        assert len(shares) == 3
        assert shares == sorted(shares, reverse=True)
        assert step.piece not in [piece for piece, _ in step.instead]


def test_positions_stand_in_the_order_of_their_weights(found):
    words = [*SENTENCE.split(), "</s>"]
    for row, word in enumerate(found.words):
        assert sum(one.weight for one in word.looked) == pytest.approx(1, abs=1e-4)
        assert [one.weight for one in word.looked] == sorted(
            (one.weight for one in word.looked), reverse=True
        )
        assert all(words[one.number - 1] == one.word for one in word.looked)
        scores = found.seen.words().trace["scores"][0, 0, row]
        assert {one.number: one.score for one in word.looked} == pytest.approx(
            dict(enumerate(scores, 1)), abs=1e-5
        )


def test_a_reference_is_explained_as_it_stands(loaded):
    given = explain(loaded, Search(), SENTENCE, reference="ROT VIER")
    assert [word.word for word in given.words] == ["ROT", "VIER", "</s>"]


def test_a_forced_word_looks_there(loaded, found):
    after = explain_forced(loaded, Search(beam=2), found, [Force(2, 1), Force(1, None)])
    weights = after.seen.words().weights[0, 0]
    assert weights[1, 0] == pytest.approx(1)
    assert not weights[0].any()
    assert explain(loaded, Search(beam=2), SENTENCE).text == found.text


def test_forces_are_read_by_number_and_by_word(found):
    assert read_force("2=Hund", found) == Force(2, 2)
    assert read_force("1=3", found) == Force(1, 3)
    assert read_force("1=", found) == Force(1, None)
    assert read_force("1=</s>", found) == Force(1, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hund", "write 3=dog"),
        ("x=1", "write 3=dog"),
        ("99=1", "there is no target word 99; there are 1 "),
        ("0=1", "there is no target word 0"),
        ("1=Hunt", "did you mean 'Hund'?; there are 1 ein, 2 Hund"),
        ("1=9", "no source word '9'"),
    ],
)
def test_what_cannot_be_forced_is_refused(found, text, said):
    with pytest.raises(UsageError) as refused:
        read_force(text, found)
    assert said in str(refused.value)


def test_a_word_that_stands_twice_needs_its_number(loaded):
    twice = explain(loaded, Search(beam=1), "rot Hund rot")
    with pytest.raises(UsageError, match="'rot' stands at 1 and 3; give the number"):
        read_force("1=rot", twice)


def test_a_model_that_looks_at_nothing_explains_nothing(runs):
    with pytest.raises(UsageError, match="no attention"):
        explain(package.load(runs / "blind").loaded, Search(), SENTENCE)
