"""Documents from file to translation: blank lines stay, and are where the past is forgotten."""

from __future__ import annotations

import json
import math

import pytest

import attncli as package
from attncli.attention_file import load
from attncli.cli.evaluate import _tests as wanted
from attncli.recipe import Recipe
from attncli.text.corpus import Data
from tests.running import SMALL, attncli, sets, train

BLANK = "data.documents=blank"
CONTEXT = "model.context=hierarchical"


@pytest.fixture(scope="module")
def trained(documents, tmp_path_factory):
    """A sentence model, a document model on top of it, and one that reads longer sources."""
    runs = tmp_path_factory.mktemp("runs")
    short = sets("train.epochs=1", BLANK)
    train(documents, runs, "sentence", *short)
    warm = ("--init-from", runs / "sentence")
    train(documents, runs, "context", *short, *warm, *sets(CONTEXT, "train.optimizer.lr=0.01"))
    train(documents, runs, "concatenated", *short, *sets("data.concatenate=1"))
    return runs


def translated(runs, run, text):
    done = attncli("translate", "--run", runs / run, "--format", "jsonl", stdin=text.encode())
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.lines]


def log_probs(runs, run, text):
    return [line["hypotheses"][0]["log_prob"] for line in translated(runs, run, text)]


def test_what_a_document_model_needs_is_said_before_data_is_read(corpus, tmp_path):
    where = ["--data", corpus, "--runs", tmp_path]
    done = attncli("train", *where, *sets(*SMALL, CONTEXT))
    assert done.code == 2
    assert "a model with a context reads the sentences before each" in done.err
    assert "set data.documents to `blank` or to a column" in done.err
    assert not list(tmp_path.iterdir())


def test_the_new_parameters_start_afresh_and_it_is_said(documents, trained, tmp_path):
    more = ["--init-from", trained / "sentence", "--runs", tmp_path, "--threads", 1]
    limits = sets(*SMALL, BLANK, CONTEXT, "train.steps=1", "train.epochs=1", "train.monitor=loss")
    done = attncli("train", "--data", documents, *more, *limits)
    assert done.code == 0, done.err
    assert "documents: 80" in done.err
    assert "left as initialized: context.gate.weight" in done.err
    assert "left as initialized: src_embedding.weight" not in done.err


@pytest.mark.parametrize("run", ["context", "concatenated"])
def test_a_blank_line_stays_and_ends_the_document(trained, run):
    together = log_probs(trained, run, "ein Hund\nrot zwei\n\nrot zwei\n")
    apart = log_probs(trained, run, "ein Hund\n\nrot zwei\n")
    assert len(together) == 4
    assert together[0] == pytest.approx(apart[0], abs=1e-4)
    assert together[3] == pytest.approx(apart[2], abs=1e-4)
    assert abs(together[1] - apart[2]) > 1e-3
    assert together[2] == apart[1] == 0.0


def test_a_sentence_model_knows_no_past(trained):
    together = log_probs(trained, "sentence", "ein Hund\nrot zwei\n\nrot zwei\n")
    assert together[1] == pytest.approx(together[3], abs=1e-4)


def test_what_was_read_is_the_source(trained):
    lines = translated(trained, "concatenated", "ein Hund\nrot zwei\n")
    assert [line["source"] for line in lines] == ["ein Hund", "ein Hund | rot zwei"]


@pytest.mark.parametrize("run", ["context", "concatenated"])
def test_python_reads_blank_lines_alike(trained, run):
    lines = ["ein Hund", "rot zwei", "", "rot zwei"]
    found = package.load(str(trained / run)).look(lines)
    expected = log_probs(trained, run, "\n".join(lines) + "\n")
    assert [one.hypotheses[0].log_prob for one in found] == pytest.approx(expected, abs=1e-4)


def test_blank_lines_are_no_sentences_of_a_test_set(documents, trained, tmp_path):
    done = attncli("evaluate", "--run", trained / "context", "--json", "--out", tmp_path)
    assert done.code == 0, done.err
    (found,) = json.loads(done.out)
    assert found["sentences"] == 20
    source = (documents / "test.en").read_text().splitlines()
    hypotheses = (tmp_path / "test.hypotheses").read_text().splitlines()
    blank = [number for number, line in enumerate(source) if not line]
    assert len(hypotheses) == len(source) == 26
    assert len(blank) == 6
    assert not any(hypotheses[number] for number in blank)
    again = attncli(
        "evaluate",
        "--run",
        trained / "context",
        "--hypotheses",
        tmp_path / "test.hypotheses",
        "--json",
    )
    assert json.loads(again.out)[0]["scores"] == found["scores"]


def test_gold_of_a_file_counts_the_words_of_each_sentence_alone(tmp_path):
    settings = ["data.name=embedded-documents", "data.concatenate=1"]
    recipe = Recipe.read(None, sets=settings)
    alone: Data = Recipe.read(None, sets=settings[:1]).build("data")
    name, split = next(iter(alone.load().tests.items()))
    gold = tmp_path / "gold.align"
    lines = [" ".join(f"{s}-{t}" for s, t in pair.links or ()) for pair in split]
    gold.write_text("\n".join(lines) + "\n")
    known = list(recipe.build("data").load().tests[name])
    found = wanted(recipe, [name], gold)[1][name]
    assert [sorted(pair.links) for pair in found] == [sorted(pair.links) for pair in known]
    assert [pair.src for pair in found] == [pair.src for pair in known]


def test_lines_of_a_file_are_looked_at_as_they_are_translated(trained, tmp_path):
    file, drawn = tmp_path / "two.txt", tmp_path / "two.json"
    file.write_text("ein rot Haus\nzwei blau Hund\n")
    where = ("--run", trained / "concatenated", "--threads", 1)
    done = attncli("visualize", "--file", file, "-o", drawn, *where)
    assert done.code == 0, done.err
    _, (second, *_) = load(drawn)
    assert second.source.startswith("ein rot Haus ")
    (line,) = attncli("translate", file, *where[:2], "--beam", 5).lines[1:]
    assert second.text == line


def test_the_blank_line_between_documents_is_nothing_to_look_at(documents, trained):
    data = ("--run", trained / "sentence", "--test", "test")
    done = attncli("visualize", *data, "--line", 4)
    assert done.code == 2
    assert "--line 4: that line of test is blank" in done.err


@pytest.mark.parametrize("run", ["context", "concatenated"])
def test_given_translations_are_scored_behind_their_document(documents, trained, run, tmp_path):
    evaluated = attncli("evaluate", "--run", trained / run, "--json", "--threads", 1)
    scored = attncli(
        *("score", documents / "test.en", documents / "test.de", "--run", trained / run),
        *("--json", "--threads", 1),
    )
    assert scored.code == 0, scored.err
    (found,) = json.loads(evaluated.out)
    assert "; pairs: 20, and 6 blank on both sides" in scored.err
    lines = [json.loads(line) for line in scored.lines]
    assert [line["log_prob"] is None for line in lines].count(True) == 6
    total = sum(line["log_prob"] for line in lines if line["log_prob"] is not None)
    pieces = sum(line["pieces"] for line in lines)
    assert math.exp(-total / pieces) == pytest.approx(found["perplexity"], rel=1e-4)


def test_a_blank_pair_has_a_line_without_a_score(trained, tmp_path):
    (tmp_path / "src").write_text("ein\n\nrot\n")
    (tmp_path / "tgt").write_text("EIN\n\nROT\n")
    done = attncli("score", tmp_path / "src", tmp_path / "tgt", "--run", trained / "sentence")
    assert done.code == 0, done.err
    assert [bool(line) for line in done.lines] == [True, False, True]


def test_a_comparison_resamples_sentences_only(trained, tmp_path):
    table = tmp_path / "table.json"
    where = ["--runs", trained, "--name", tmp_path.name, "--threads", 1, "-o", table]
    done = attncli("compare", trained / "sentence", trained / "context", *where)
    assert done.code == 0, done.err
    for row in json.loads(table.read_text())["rows"]:
        (one,) = row["runs"]
        assert one["tests"]["test"]["sentences"] == len(one["tests"]["test"]["hypotheses"]) == 20
