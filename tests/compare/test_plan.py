"""Which runs stand for a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.compare.plan import existing
from tests.running import attncli, sets, train


@pytest.fixture(scope="module")
def plain(corpus, tmp_path_factory) -> Path:
    """A run that only its recipe made."""
    return train(corpus, tmp_path_factory.mktemp("plain"), "plain", *sets("train.epochs=1"))


def test_a_run_stands_for_its_recipe(plain):
    assert [run.path for run in existing(plain.parent).values()] == [plain]


def test_one_that_began_from_other_weights_does_not(corpus, plain, tmp_path):
    train(corpus, tmp_path, "warm", *sets("train.epochs=1"), "--init-from", str(plain))
    assert existing(tmp_path) == {}


def test_one_that_was_resumed_with_other_settings_does_not(corpus, tmp_path):
    run = train(corpus, tmp_path, "longer", *sets("train.epochs=1"))
    changes = sets("train.epochs=2", "train.optimizer.lr=0.0001")
    done = attncli("train", "--resume", run, "--runs", tmp_path, *changes)
    assert done.code == 0, done.err
    assert existing(tmp_path) == {}
