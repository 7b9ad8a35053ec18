"""Outputs that take words from the source, from the command line."""

from __future__ import annotations

import json

import pytest

from tests.running import attncli, sets, train

WORDS = ("subword.kind=word", "subword.vocab_size=24", "train.steps=2", "train.monitor=loss")
LINE = "Zobirta ein qq Zobirta"


@pytest.fixture(scope="module")
def runs(corpus, tmp_path_factory):
    """Runs that have learnt next to nothing: `points`, `copies`, and `plain` beside them."""
    folder = tmp_path_factory.mktemp("copying")
    train(corpus, folder, "points", *sets(*WORDS, "model.output=positions"))
    train(corpus, folder, "copies", *sets(*WORDS, "model.output=copy"))
    train(corpus, folder, "plain", *sets(*WORDS))
    return folder


def test_a_pointer_writes_the_sources_words_and_no_others(runs):
    best = ("--n-best", 5, "--threads", 1)
    done = attncli("translate", "--run", runs / "points", *best, stdin=LINE.encode())
    assert done.code == 0, done.err
    written = {word for line in done.lines for word in line.split(" ||| ")[1].split()}
    assert written
    assert written <= set(LINE.split())


@pytest.mark.parametrize("run", ["points", "copies"])
def test_what_is_translated_scores_the_same_when_it_is_given(runs, tmp_path, run):
    done = attncli(
        "translate", "--run", runs / run, "--format", "jsonl", "--threads", 1, stdin=LINE.encode()
    )
    (best,) = json.loads(done.out)["hypotheses"]
    assert "⁇" not in best["text"]
    (tmp_path / "pair.tsv").write_text(f"{LINE}\t{best['text']}\n", encoding="utf-8")
    scored = attncli("score", tmp_path / "pair.tsv", "--run", runs / run, "--threads", 1)
    assert not best["cut"]
    assert float(scored.out.split()[0]) == pytest.approx(best["log_prob"], abs=1e-3)


def test_a_reference_word_that_stands_in_the_source_is_a_target(runs, tmp_path):
    """`qq` can be taken; `zz` stands nowhere, and is the unknown word."""
    lines = [(LINE, "qq"), (LINE, "zz")]
    text = "".join(f"{src}\t{tgt}\n" for src, tgt in lines)
    (tmp_path / "pairs.tsv").write_text(text, encoding="utf-8")
    scores = {}
    for run in ("points", "plain"):
        done = attncli("score", tmp_path / "pairs.tsv", "--run", runs / run, "--threads", 1)
        scores[run] = [float(line.split()[0]) for line in done.lines]
    assert scores["points"][0] > -20 > -80 > scores["points"][1]
    assert scores["plain"][0] == scores["plain"][1]


def test_models_with_and_without_copying_translate_together(runs):
    both = ("--run", runs / "copies", "--run", runs / "plain")
    done = attncli("translate", *both, "--threads", 1, stdin=LINE.encode())
    assert done.code == 0, done.err
    assert len(done.lines) == 1


@pytest.mark.parametrize("output", ["copy", "positions"])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["model.attention=none"], "has no weights (try model.attention=general)"),
        (["subword.joint=false"], "needs one vocabulary: set subword.joint=true"),
    ],
)
def test_what_cannot_copy_is_refused_before_data_is_read(tmp_path, output, settings, said):
    wanted = sets(f"model.output={output}", *settings)
    done = attncli("train", "--data", tmp_path / "nowhere", "--runs", tmp_path, *wanted)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert said in done.err
