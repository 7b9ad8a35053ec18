"""From recipes to a comparison: what is trained, what is taken as it is, what is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from attncli.compare.comparison import FILE, measured_rows, to_do
from attncli.compare.evaluation import Measuring
from attncli.compare.plan import Texts, plan
from attncli.compare.records import read_record
from attncli.compare.request import Request
from attncli.compare.result import Comparison
from attncli.compare.selection import select
from attncli.recipe import Recipe
from attncli.run import Run
from tests.compare.inline import Inline, compared, reader

WORDS = ["attention/dot", "attention/additive"]


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """A folder of runs with a comparison of two seeds, and what it found."""
    root = tmp_path_factory.mktemp("compared")
    return root, compared(WORDS, corpus, root, seeds=2)


def test_every_row_has_a_run_for_each_seed(trained):
    _, found = trained
    assert [row.name for row in found.rows] == ["dot", "additive"]
    assert [[run.seed for run in row.runs] for row in found.rows] == [[1, 2], [1, 2]]
    bleu = found.rows[0].figures["test"]["bleu"]
    assert bleu.values == [run.tests["test"].bleu.value for run in found.rows[0].runs]
    assert bleu.deviation is not None
    assert found.rows[0].runs[0].peak_memory > 10_000_000
    assert found.rows[0].runs[0].finished == "1 epochs done"


def test_the_second_call_trains_nothing_and_finds_the_same(corpus, trained):
    root, first = trained
    engine = Inline()
    assert compared(WORDS, corpus, root, engine, seeds=2) == first
    assert engine.runs == []


def test_what_is_written_is_read_back_as_it_was(trained):
    root, found = trained
    assert read_record(root / "comparisons" / "test" / FILE, Comparison) == found


def test_a_run_that_was_cut_off_goes_on(corpus, trained, tmp_path):
    root, first = trained
    for run in root.glob("2*"):
        shutil.copytree(run, tmp_path / run.name)
    cut = Run.open(first.rows[1].runs[0].path.replace(str(root), str(tmp_path)))
    cut.unfinish()
    engine = Inline()
    again = compared(WORDS, corpus, tmp_path, engine, seeds=2)
    assert engine.runs == [str(cut.path)]
    assert [row.figures["test"]["bleu"] for row in again.rows] == [
        row.figures["test"]["bleu"] for row in first.rows
    ]


def test_other_text_of_the_same_name_is_another_run(corpus, trained, tmp_path):
    root, _ = trained
    other = tmp_path / "corpus"
    shutil.copytree(corpus, other)
    engine = Inline()
    compared(WORDS, other, root, engine)
    assert engine.runs == [], "a copy is the same text"
    first = (other / "train.en").read_text().split("\n", 1)
    (other / "train.en").write_text("rot " + "\n".join(first))
    compared(WORDS, other, root, engine)
    assert len(engine.runs) == 2


def test_rows_that_differ_in_their_search_share_a_run(corpus, trained, tmp_path):
    root, _ = trained
    narrow = tmp_path / "narrow.yaml"
    narrow.write_text("extends: attention/dot\nsearch:\n  beam: 1\n")
    engine = Inline()
    found = compared(["attention/dot", narrow], corpus, root, engine)
    assert found.rows[0].runs[0].path == found.rows[1].runs[0].path
    assert engine.runs == [found.rows[0].runs[0].path], "measured once more, with its own beam"


def test_a_row_that_fails_is_named_and_the_others_stand(corpus, trained):
    root, _ = trained

    def read(path):
        wrong = ["subword.vocab_size=9000"] if str(path).endswith("cosine") else []
        return reader(corpus, *wrong)(path)

    found = compared([*WORDS, "attention/cosine"], corpus, root, read=read)
    assert [row.name for row in found.rows] == ["dot", "additive"]
    assert "9000 is too many" in found.failed["cosine seed 1"]


def test_a_comparison_of_the_same_name_leaves_the_recipes_of_another(corpus, tmp_path):
    found = {}
    for beam in (1, 2):
        candidates = select(WORDS, reader(corpus, f"search.beam={beam}"), tmp_path, print)
        texts = Texts()
        planned = plan(candidates, 1, tmp_path, None, texts)
        found[beam] = to_do(planned, ["test"], Request("same", tmp_path, threads=1), texts)
    for beam, tasks in found.items():
        paths = [Path(path) for task in tasks for path in task.job.recipes]
        assert [Recipe.load_resolved(path).value("search.beam") for path in paths] == [beam] * 2


def test_a_row_whose_figures_are_gone_is_named(corpus, trained):
    root, _ = trained
    candidates = select(WORDS, reader(corpus), root, print)
    texts, failed = Texts(), {}
    planned = plan(candidates, 1, root, None, texts)
    how = Measuring("none", True)  # nothing was measured so
    assert measured_rows(candidates, planned, ["test"], how, texts, failed) == []
    assert list(failed) == ["dot", "additive"]


def test_a_test_set_called_as_what_validates_has_its_own_hash(corpus, tmp_path):
    for folder, part in (("a", "val"), ("b", "test")):
        (tmp_path / folder).mkdir()
        for side in ("en", "de"):
            shutil.copy(corpus / f"{part}.{side}", tmp_path / folder / f"valid.{side}")
    given = {"train": corpus / "train", "valid": tmp_path / "a/valid", "test": tmp_path / "b/valid"}
    sets = [f"data.{part}={path}" for part, path in given.items()]
    recipe = Recipe.read("attention/dot", sets=sets)
    texts = Texts()
    validates = texts.trained_on(recipe)["valid"]
    assert texts.tested_on(recipe, "valid") == Texts().tested_on(recipe, "valid") != validates
