"""`attncli evaluate` and `attncli score`: figures that agree with one another."""

from __future__ import annotations

import json
import shutil

import pytest

import attncli as package
from tests.running import attncli


def evaluate(runs, *more):
    return attncli("evaluate", "--run", "first", "--runs", runs, "--beam", 1, *more)


@pytest.fixture(scope="module")
def written(runs, corpus, tmp_path_factory):
    """The folder that one evaluation wrote, and what it printed as JSON."""
    folder = tmp_path_factory.mktemp("out") / "made" / "here"
    done = evaluate(runs, "--json", "--out", folder)
    assert done.code == 0, done.err
    return folder, json.loads(done.out)


def test_everything_is_printed(runs):
    done = evaluate(runs)
    assert done.code == 0, done.err
    for word in ("test: 20 sentences", "BLEU", "chrF", "TER", "perplexity", "entropy", "tok:13a"):
        assert word in done.out
    assert "alignment error" not in done.out


def test_how_the_attention_looks_is_printed_where_there_is_one(runs, written):
    _, (figures,) = written
    mean = figures["attention"]["mean"]
    assert figures["attention"]["heads"] == []
    assert f"  attention: entropy {mean['entropy']:.2f} nats" in evaluate(runs).out
    blind = attncli("evaluate", "--run", "blind", "--runs", runs, "--beam", 1, "--json")
    assert json.loads(blind.out)[0]["attention"] is None


def test_json_holds_the_same_figures(runs, written):
    _, (figures,) = written
    assert figures["test"] == "test"
    assert figures["sentences"] == 20
    scores = {one["name"]: one for one in figures["scores"]}
    assert set(scores) == {"BLEU", "chrF", "TER"}
    for score in scores.values():
        assert score["low"] <= score["value"] <= score["high"]
    assert figures["perplexity"] > 1
    printed = evaluate(runs).out
    assert f"BLEU {scores['BLEU']['value']:8.2f}" in printed
    assert f"perplexity {figures['perplexity']:.3f}" in printed


def test_out_holds_the_translations_and_the_figures(runs, corpus, written):
    folder, (figures,) = written
    stored = json.loads((folder / "test.json").read_text())
    assert stored == figures
    lines = (folder / "test.hypotheses").read_text(encoding="utf-8").splitlines()
    source = (corpus / "test.en").read_bytes()
    where = ("--run", "first", "--runs", runs, "--beam", 1)
    assert attncli("translate", *where, stdin=source).lines == lines


def test_hypotheses_give_the_figures_of_the_evaluation_that_wrote_them(corpus, written):
    folder, (figures,) = written
    again = attncli(
        *("evaluate", "--hypotheses", folder / "test.hypotheses", "--data", corpus, "--json"),
    )
    assert again.code == 0, again.err
    (found,) = json.loads(again.out)
    assert found["scores"] == figures["scores"]
    assert found["by_length"] == figures["by_length"]


def test_perfect_hypotheses_score_a_hundred(corpus):
    done = attncli("evaluate", "--hypotheses", corpus / "test.de", "--data", corpus, "--json")
    scores = {one["name"]: one["value"] for one in json.loads(done.out)[0]["scores"]}
    assert scores["BLEU"] == pytest.approx(100)
    assert scores["TER"] == 0
    lower = attncli("evaluate", "--hypotheses", corpus / "test.en", "--data", corpus, "--json")
    cased = json.loads(lower.out)[0]["scores"][0]["value"]
    lower = attncli(
        "evaluate", "--hypotheses", corpus / "test.en", "--data", corpus, "--json", "--lowercase"
    )
    assert cased < 10
    assert json.loads(lower.out)[0]["scores"][0]["value"] == pytest.approx(100)


def test_what_given_lines_cannot_show_is_refused(corpus):
    done = attncli(
        *("evaluate", "--hypotheses", corpus / "test.de", "--data", corpus),
        *("--gold", corpus / "test.de", "--threads", 1, "--device", "cuda"),
    )
    assert done.code == 2
    assert "scores given lines: leave out --gold, --device, --threads" in done.err


def test_translating_is_told_of_as_it_goes(runs, monkeypatch):
    monkeypatch.setattr("attncli.progress.PLAIN_SECONDS", 0.0)
    done = attncli("evaluate", "--runs", runs, "--run", "first", "--metrics", "BLEU")
    assert done.code == 0, done.err
    assert "translating test 20/20" in done.err
    assert "translating" not in done.out


def test_a_metric_is_checked_before_anything_is_translated(runs):
    done = attncli("evaluate", "--runs", runs, "--run", "first", "--metrics", "bleu")
    assert done.code == 2
    assert "unknown metric 'bleu'" in done.err
    assert "translat" not in done.err


def test_another_number_of_lines_is_an_error_with_both(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("attncli.metrics.tokenized_note", lambda *given: "a note on the text")
    (tmp_path / "short").write_text("EIN\n" * 19)
    done = attncli("evaluate", "--hypotheses", tmp_path / "short", "--data", corpus)
    assert done.code == 1
    assert f"{tmp_path / 'short'}: 19 lines for 20 pairs of test" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--tokenize", "inlt"), "did you mean 'intl'?"),
        (("--test", "tset"), "did you mean 'test'?"),
        (("--metrics", "BLUE"), "did you mean 'BLEU'?"),
        (("--set", "search.length_penality=1"), "did you mean 'length_penalty'?"),
    ],
)
def test_what_is_misspelt_is_refused_with_a_suggestion(runs, flags, said):
    done = evaluate(runs, *flags)
    assert done.code in (1, 2)
    assert said in done.err
    assert done.out == ""


def test_gold_links_give_an_alignment_error_under_both_readings(runs, corpus, tmp_path):
    lines = (corpus / "test.en").read_text(encoding="utf-8").splitlines()
    links = [" ".join(f"{i}-{i}" for i in range(len(line.split()))) for line in lines]
    (tmp_path / "gold").write_text("\n".join(links) + "\n")
    done = evaluate(runs, "--gold", tmp_path / "gold", "--json")
    assert done.code == 0, done.err
    aligned = json.loads(done.out)[0]["alignment"]
    assert 0 <= aligned["output"]["aer"] <= 1
    assert aligned["output"]["aer"] != aligned["input"]["aer"]
    assert "counted from 0" in done.err


def test_a_score_is_the_sum_of_forced_log_probabilities(runs, corpus):
    model = package.load(runs / "first")
    pairs = list(
        zip(
            (corpus / "test.en").read_text(encoding="utf-8").splitlines(),
            (corpus / "test.de").read_text(encoding="utf-8").splitlines(),
            strict=True,
        )
    )
    expected = model.score(pairs)
    where = ("--run", "first", "--runs", runs)
    done = attncli("score", corpus / "test.en", corpus / "test.de", *where, "--json")
    assert done.code == 0, done.err
    for line, one in zip(done.lines, expected, strict=True):
        facts = json.loads(line)
        assert facts["log_prob"] == pytest.approx(sum(one.log_probs))
        assert facts["pieces"] == len(one.log_probs)
    plain = attncli("score", corpus / "test.en", corpus / "test.de", *where)
    assert plain.lines[0].split("\t")[0] == f"{expected[0].log_prob:.4f}"
    assert "a word; pairs: 20" in plain.err


def test_what_a_search_found_scores_what_the_search_said(runs, tmp_path):
    model = package.load(runs / "first")
    lines = ["ein Hund steht", "rot", "vier blau Haus"]
    compared = 0
    for line, one in zip(lines, model.look(lines), strict=True):
        best = one.hypotheses[0]
        pieces = [*model.loaded.codec.encode_target([best.text])[0]]
        if model.loaded.codec.tgt.pieces(pieces) == best.pieces:
            (forced,) = model.score([(line, best.text)])
            assert forced.log_prob == pytest.approx(best.log_prob, abs=1e-4)
            compared += 1
    assert compared


def test_pairs_of_a_tsv_are_scored(runs, tmp_path):
    (tmp_path / "pairs.tsv").write_text("ein\tEIN\nrot\tROT\n", encoding="utf-8")
    done = attncli("score", tmp_path / "pairs.tsv", "--run", "first", "--runs", runs)
    assert done.code == 0, done.err
    assert len(done.lines) == 2


def test_pairs_beside_more_lines_are_refused(runs, tmp_path):
    (tmp_path / "pairs.tsv").write_text("ein Hund\ta dog\n", encoding="utf-8")
    (tmp_path / "tgt").write_text("a dog\n", encoding="utf-8")
    where = ("--run", "first", "--runs", runs)
    done = attncli("score", tmp_path / "pairs.tsv", tmp_path / "tgt", *where)
    assert done.code == 2
    assert "pairs.tsv holds pairs already: leave out" in done.err


def test_a_run_whose_text_has_moved_says_how_to_name_it(runs, corpus, tmp_path):
    shutil.copytree(runs / "first", tmp_path / "first")
    recipe = tmp_path / "first" / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace(str(corpus), "no-such-folder"), encoding="utf-8")
    where = ("evaluate", "--run", "first", "--runs", tmp_path, "--metrics", "BLEU")
    done = attncli(*where)
    assert done.code == 1
    assert "no data 'no-such-folder'" in done.err
    assert "first was trained on it; --data PATH says where it lies now" in done.err
    assert attncli(*where, "--data", corpus).code == 0
    assert "trained on it" not in attncli(*where, "--data", "nor-this").err


def test_text_of_other_languages_than_the_model_s_is_said(runs, corpus):
    where = ("evaluate", "--run", "first", "--runs", runs, "--data", corpus, "--metrics", "BLEU")
    own, turned = attncli(*where), attncli(*where, "--src", "de", "--tgt", "en")
    assert (own.code, turned.code) == (0, 0), turned.err
    assert "note: the model was trained from" not in own.err
    assert "note: the model was trained from en to de, and reads de to en" in turned.err


def test_files_of_unequal_length_are_not_scored(runs, tmp_path):
    (tmp_path / "src").write_text("ein\nrot\n")
    (tmp_path / "tgt").write_text("EIN\n")
    done = attncli("score", tmp_path / "src", tmp_path / "tgt", "--run", "first", "--runs", runs)
    assert done.code == 1
    assert "2" in done.err
    assert "1" in done.err
    assert done.out == ""


def test_python_translates_as_the_command_does(runs):
    model = package.load(runs / "first")
    lines = ["ein Hund", "", "rot blau"]
    done = attncli("translate", "--run", "first", "--runs", runs, stdin="\n".join(lines).encode())
    assert model.translate(lines) == done.lines
    assert package.load(str(runs / "first")).translate([]) == []
