"""Runs kept without their weights: the same table and page; what was not measured is said."""

from __future__ import annotations

import shutil

import pytest

from attncli.compare.evaluation import Measuring
from attncli.compare.keeping import is_kept, keep
from attncli.compare.plan import Texts, existing, plan
from attncli.compare.report.page import gather
from attncli.compare.selection import select
from attncli.errors import RunError, UsageError
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


@pytest.fixture
def run(trained, tmp_path):
    """A finished run of its own to change."""
    made = Run(tmp_path / "run")
    shutil.copytree(trained[2].rows[0].runs[0].path, made.path)
    return made


def test_a_run_that_was_trained_on_is_kept_anew(run, tmp_path):
    keep(run, tmp_path / "kept")
    assert is_kept(run, tmp_path / "kept")
    weights = run.path / "checkpoints" / f"{run.served()}.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    assert not is_kept(run, tmp_path / "kept")


def test_what_is_measured_later_is_kept_too(run, tmp_path):
    keep(run, tmp_path / "kept")
    (run.path / "evaluations" / "later.json").write_text("{}")
    assert not is_kept(run, tmp_path / "kept")
    assert (keep(run, tmp_path / "kept").path / "evaluations" / "later.json").is_file()
    assert is_kept(run, tmp_path / "kept")


def test_an_unfinished_run_stays_unfinished_and_stands_for_no_recipe(corpus, run, tmp_path):
    run.unfinish()
    kept = tmp_path / "kept"
    assert keep(run, kept).finished() is None
    candidates = select(WORDS, reader(corpus), tmp_path, print)
    planned = plan(candidates, 1, tmp_path / "runs", kept, Texts())
    assert [one.run.path.parent for one in planned] == [tmp_path / "runs"] * 2


def test_what_is_kept_finished_goes_before_a_run_that_was_cut_off(corpus, trained, run, tmp_path):
    run.unfinish()
    candidates = select(WORDS, reader(corpus), tmp_path, print)
    planned = plan(candidates, 1, tmp_path, trained[1], Texts())
    assert planned[0].run.path.parent == trained[1]


def test_two_runs_of_one_name_are_kept_apart(run, tmp_path):
    other = Run(tmp_path / "elsewhere" / run.path.name)
    shutil.copytree(run.path, other.path)
    other.note({"created": "another time"})
    assert keep(run, tmp_path / "kept").path != keep(other, tmp_path / "kept").path
    assert is_kept(run, tmp_path / "kept")
    assert is_kept(other, tmp_path / "kept")


def test_a_copy_that_was_cut_off_does_not_count(monkeypatch, run, tmp_path):
    def cut(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copy", cut)
    with pytest.raises(KeyboardInterrupt):
        keep(run, tmp_path / "kept")
    assert not is_kept(run, tmp_path / "kept")
    assert existing(tmp_path / "kept") == {}


def test_runs_are_not_kept_where_they_lie(corpus, trained):
    with pytest.raises(UsageError, match="the runs themselves lie there"):
        compared(WORDS, corpus, trained[0], kept=trained[0])
