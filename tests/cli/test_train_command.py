"""`attncli train`: what it refuses, before anything is read, and how runs begin."""

from __future__ import annotations

import json

import pytest

from attncli import registry
from attncli.attention.base import Attention
from attncli.attention.scored import Scored
from attncli.errors import UsageError
from attncli.experiment import check
from attncli.recipe import Recipe
from attncli.schema import options
from tests.running import SMALL, attncli, process, sets, train, write_corpus

NOWHERE = "/there/is/no/such/folder"


@pytest.fixture
def refused(tmp_path):
    """Trains on data that does not exist: an error about anything else came before reading it."""

    def run(*arguments):
        done = attncli("train", *arguments, "--data", NOWHERE, "--runs", tmp_path / "runs")
        assert done.code == 2, done.err
        assert done.out == ""
        assert NOWHERE not in done.err
        assert "Traceback" not in done.err
        assert not (tmp_path / "runs").exists()
        return done.err

    return run


def test_data_that_is_not_there_is_one_line(tmp_path):
    done = attncli("train", "--data", NOWHERE, "--runs", tmp_path / "runs")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert NOWHERE in done.err


def test_training_text_without_a_line_is_named(tmp_path):
    corpus = write_corpus(tmp_path)
    for end in ("en", "de"):
        (corpus / f"train.{end}").write_text("")
    done = attncli("train", "--data", corpus, "--runs", tmp_path / "runs")
    assert done.code == 1
    assert done.err.endswith(f"{corpus / 'train.en'} and {corpus / 'train.de'}: no pairs in it\n")


def test_a_run_refused_before_its_first_step_leaves_its_name_free(tmp_path):
    corpus = write_corpus(tmp_path)
    begin = ["train", "--runs", tmp_path / "runs", "--run-name", "once", "--threads", 1]
    assert attncli(*begin, "--data", NOWHERE).code == 1
    assert not (tmp_path / "runs" / "once").exists()
    done = attncli(*begin, "--data", corpus, "--set", "subword.vocab_size=9000")
    assert done.code == 1
    assert "try --set subword.vocab_size=" in done.err
    assert not (tmp_path / "runs" / "once").exists()
    done = attncli(*begin, "--data", corpus, *sets(*SMALL, "objective.guided=0.1"))
    assert done.code != 0
    assert not (tmp_path / "runs" / "once").exists(), "refused at its first update"
    run = train(corpus, tmp_path / "runs", "once", "--set", "train.epochs=1")
    refused = attncli("train", "--resume", run, "--data", NOWHERE)
    assert refused.code != 0
    assert (run / "metrics.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bse"], "no recipe 'bse'; did you mean 'base'?"),
        (["--attention", "aditive"], "unknown attention 'aditive'; did you mean 'additive'?"),
        (["--attention", "loung-dot"], "did you mean 'luong-dot'?"),
        (["--attention", "local-p", "--score", "dott"], "did you mean 'dot'?"),
        (["--attention", "dot", "--score", "general"], "dot has no 'score'"),
        (["--set", "modle.hidden=8"], "modle: no such section; did you mean 'model'?"),
        (["--set", "model.hiden=8"], "recurrent has no 'hiden'; did you mean 'hidden'?"),
        (["--set", "train.optimizer=adan"], "unknown optimizer 'adan'; did you mean 'adam'?"),
        (["--set", "train.optimizer.lrr=1"], "did you mean 'lr'?"),
        (["--set", "model.attention.windw=3"], "general has no 'windw'"),
        (["--set", "search.sampel=true"], "did you mean 'sample'?"),
        (["--set", "epochs=3"], "did you mean 'train.epochs'?"),
        (["--set", "train.epochs"], "expected section.setting=value"),
        (["--set", "train.epochs=many"], "expected a whole number"),
        (["--set", "train.epochs=0"], "out of range"),
        (["--set", "train.epochs=1.5"], "expected a whole number"),
        (["--set", "search.sample=maybe"], "expected true or false"),
        (["--set", "model.tied=some"], "is not one of"),
        (["--set", "model.embedding_dropout=1.5"], "out of range: from 0 to 0.99"),
        (["--max-time", "soon"], "expected a number"),
        (["--scale", "huge"], "no scale 'huge'; there is laptop and paper"),
        (["--scale", "paper"], "base: no sizes for --scale paper; leave it out"),
        (["--device", "cpu:x"], "unknown device 'cpu:x'; a number follows cpu: cpu:0"),
    ],
)
def test_what_does_not_exist_is_refused(refused, arguments, said):
    assert said in refused(*arguments)


def test_a_recipe_s_faults_are_told_with_file_and_line_all_at_once(refused, tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        "extends: base\nmodel:\n  attention: local-p\n  hiden: 8\ntrain:\n  epochs: two\nmodl: 1\n"
    )
    said = refused(recipe)
    assert len(said.splitlines()) == 3
    assert f"{recipe}:4: model.hiden: recurrent has no 'hiden'; did you mean 'hidden'?" in said
    assert f"{recipe}:6: train.epochs: expected a whole number" in said
    assert f"{recipe}:7: modl: no such section; did you mean 'model'?" in said


def test_what_is_extended_is_told_with_its_own_line(refused, tmp_path):
    (tmp_path / "low.yaml").write_text("seed: 3\nsearch:\n  beem: 2\n")
    (tmp_path / "high.yaml").write_text("extends: low\n")
    said = refused(tmp_path / "high.yaml")
    assert f"{tmp_path / 'low.yaml'}:3: search.beem" in said
    (tmp_path / "high.yaml").write_text("# first\nextends: lwo\n")
    assert f"{tmp_path / 'high.yaml'}:2: extends: no recipe 'lwo'" in refused(
        tmp_path / "high.yaml"
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["model.attention=multihead", "model.attention.heads=3"], "3 heads do not divide"),
        (["model.name=transformer", "model.heads=3"], "heads do not divide"),
        (["model.tied=all", "subword.joint=false"], "needs one vocabulary"),
        (["model.cell=gru-cho", "model.cell.layer_norm=true"], "gru-cho has no layer norm"),
        (["model.attention=none", "objective.guided=0.5"], "this model has no attention"),
        (["model.attention=none", "search.coverage_penalty=0.1"], "this model has no attention"),
        (["model.attention=none", "search.replace_unknown=true"], "this model has no attention"),
        (["model.attention=multihead", "model.attention.score=none"], "cannot hold 'none'"),
        (["model.name=transformer", "model.attention=hard"], "cannot hold 'hard'"),
        (["model.attention=hard"], "set objective.estimator=reinforce"),
        (
            ["model.attention=hard", "objective.estimator=reinforce", "objective.guided=0.5"],
            "this attention draws positions",
        ),
        (["objective.estimator=reinforce"], "needs an attention that draws positions"),
        (["model.name=transformer", "model.output=mixture"], "which model.name=recurrent has"),
        (["model.attention=multihead", "model.attention.score=multihead"], "cannot hold"),
        (["model.attention=local-p", "model.attention.score=none"], "'none' is more than a score"),
        (["model.attention=local-m", "model.attention.score=local-p"], "is more than a score"),
    ],
)
def test_what_cannot_go_together_is_refused(refused, settings, said):
    where = sets(*settings)
    message = refused(*where)
    assert said in message
    assert len(message.splitlines()) == 1


HOLDERS = [
    name
    for name in registry.names("attention")
    if "score" in options(registry.find("attention", name))
    and not registry.find("attention", name).sampled
]


@pytest.mark.parametrize("inner", registry.names("attention"))
@pytest.mark.parametrize("outer", HOLDERS)
def test_what_holds_an_attention_can_use_it_or_says_that_it_cannot(outer, inner):
    small = ["model.hidden=16", "model.embedding=8"]
    chosen = [f"model.attention={outer}", f"model.attention.score={inner}"]
    recipe = Recipe.read(None, sets=[*small, *chosen])
    held = registry.find("attention", inner)
    if issubclass(registry.find("attention", outer), Scored):
        cannot = held.forward is not Attention.forward
    else:
        cannot = held.sampled or held.remember is not Attention.remember
    if cannot:
        with pytest.raises(UsageError, match=inner):
            check(recipe)
    else:
        check(recipe)


def test_a_run_of_that_name_is_not_overwritten(runs, corpus):
    recipe = (runs / "first" / "recipe.yaml").read_bytes()
    done = attncli("train", "--data", corpus, "--runs", runs, "--run-name", "first")
    assert done.code == 1
    assert f"--resume {runs / 'first'}" in done.err
    assert (runs / "first" / "recipe.yaml").read_bytes() == recipe


def test_a_run_begins_from_another_one_s_weights(runs, corpus, tmp_path):
    where = ("--data", corpus, "--runs", tmp_path, "--threads", 1, *sets(*SMALL, "train.steps=1"))
    same = attncli("train", *where, "--run-name", "same", "--init-from", runs / "first")
    assert same.code == 0, same.err
    (line,) = [line for line in same.err.splitlines() if "tensors" in line]
    fitting, _, all_of = line.partition(": ")[2].split()[:3]
    assert fitting == all_of
    assert "left" not in line
    assert "left as initialized" not in same.err

    other = attncli(
        *("train", *where, "--run-name", "other", "--init-from", runs / "first"),
        *sets("subword.vocab_size=100"),
    )
    assert other.code == 0, other.err
    left = {line.split()[-1] for line in other.err.splitlines() if "left as initialized" in line}
    assert {"output.weight", "output.bias"} <= left
    assert any("src_embedding" in name for name in left)
    assert not any("cells" in name or "encoder" in name for name in left)


def test_a_start_from_a_model_of_other_sizes_is_refused(runs, corpus, tmp_path):
    done = attncli(
        *("train", "--data", corpus, "--runs", tmp_path, "--init-from", runs / "first"),
        *sets(*SMALL, "model.hidden=20", "model.embedding=12", "subword.vocab_size=100"),
        *sets("model.name=transformer", "model.dim=20", "model.heads=2"),
    )
    assert done.code != 0
    assert done.err.splitlines()[-1].startswith("attncli: ")


def test_the_time_is_limited(corpus, tmp_path):
    run = train(corpus, tmp_path, "timed", "--max-time", "0.0001")
    assert json.loads((run / "finished.json").read_text())["why"] == "0.0001 minutes are over"
    assert "minutes: 0.0001" in (run / "recipe.yaml").read_text()


def test_what_was_resolved_is_written_to_a_dated_run(corpus, tmp_path):
    done = attncli(
        *("train", "--attention", "luong-dot", "--data", corpus, "--runs", tmp_path),
        *("--threads", 1, "--seed", 7, *sets(*SMALL, "train.steps=1")),
    )
    assert done.code == 0, done.err
    (run,) = tmp_path.iterdir()
    assert run.name.endswith("-luong-dot")
    recipe = (run / "recipe.yaml").read_text()
    for line in ("seed: 7", "name: dot", "hidden: 32", "steps: 1", "beam: 5"):
        assert line in recipe


def test_a_failure_is_one_line_and_debug_shows_where_it_came_from(tmp_path):
    wrong = ("train", "--attention", "aditive", "--runs", tmp_path)
    plain = process(*wrong)
    assert plain.code == 2
    assert plain.err.startswith("attncli: ")
    assert plain.err.count("\n") == 1
    for debugged in (process("--debug", *wrong), process(*wrong, "--debug")):
        assert debugged.code == 1
        assert "Traceback" in debugged.err
        assert "RecipeError" in debugged.err


def test_lines_that_do_not_pair_stop_training_with_both_numbers(tmp_path):
    folder = write_corpus(tmp_path)
    with (folder / "train.en").open("a") as file:
        file.write("ein\n")
    done = attncli("train", "--data", folder, "--runs", tmp_path / "runs")
    assert done.code == 1
    assert "241" in done.err
    assert "240" in done.err
