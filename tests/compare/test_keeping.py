"""Runs kept without their weights: the same table and page; what was not measured is said."""

from __future__ import annotations

import shutil

import pytest

from attncli.compare.evaluation import Measuring
from attncli.compare.keeping import is_kept, keep
from attncli.compare.plan import Texts
from attncli.compare.report.page import gather
from attncli.errors import RunError
from attncli.run import Run
from tests.compare.inline import Inline, compared, reader

WORDS = ["attention/dot", "attention/additive"]


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """A folder of runs, the one in which they are kept, and what was found."""
    root = tmp_path_factory.mktemp("compared")
    return root / "runs", root / "kept", compared(WORDS, corpus, root / "runs", kept=root / "kept")


def test_what_is_kept_has_no_weights_and_is_kept_once(corpus, trained):
    root, kept, _ = trained
    assert len(list(kept.glob("*/recipe.yaml"))) == 2
    assert not list(kept.rglob("*.safetensors"))
    engine = Inline()
    compared(WORDS, corpus, root, engine, kept=kept)
    assert engine.runs == []


def test_what_is_kept_gives_the_same_table_and_page(corpus, trained, tmp_path):
    _, kept, first = trained
    engine = Inline()
    again = compared(WORDS, corpus, tmp_path, engine, kept=kept)
    assert engine.runs == [], "neither trained nor measured"
    for one, other in zip(first.rows, again.rows, strict=True):
        assert other.runs[0].path.startswith(str(kept))
        assert (other.figures, other.against) == (one.figures, one.against)
    material = gather(again, Texts().pairs(reader(corpus)(WORDS[0]), "test"))
    assert material.emergence["dot"]
    assert all(material.looks["dot"])


def test_what_was_not_measured_with_the_weights_is_said(corpus, trained, tmp_path):
    _, kept, _ = trained
    with pytest.raises(RunError, match=r"additive seed 1: .*copy without weights"):
        compared(WORDS, corpus, tmp_path, kept=kept, how=Measuring("none"))


def test_a_run_that_was_trained_on_is_kept_anew(trained, tmp_path):
    run = Run(tmp_path / "run")
    shutil.copytree(trained[2].rows[0].runs[0].path, run.path)
    keep(run, tmp_path / "kept")
    assert is_kept(run, tmp_path / "kept")
    weights = run.path / "checkpoints" / f"{run.served()}.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    assert not is_kept(run, tmp_path / "kept")
