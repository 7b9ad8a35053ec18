"""The exported Transformer: CTranslate2 writes what attncli writes, or the model is refused."""

from __future__ import annotations

import json
import shutil
from unittest import mock

import pytest
import torch

from attncli.experiment import load
from attncli.run import Run
from attncli.text.piece_model import EOS
from tests.running import attncli, sets

pytest.importorskip("ctranslate2", reason="the extra `export` is not installed")

TINY = [
    "model.dim=32",
    "model.feed_forward=48",
    "model.heads=4",
    "model.layers=2",
    "model.decoder_layers=1",
    "subword.vocab_size=120",
    "train.steps=1",
    "train.monitor=loss",
]
LINES = "ein zwei\ndrei rot Haus steht\n\nblau blau Hund\nläuft vier ein steht Haus rot\n"
LIMIT = sets("search.max_ratio=3", "search.max_extra=4")  # another for each length
SHAPES = {
    "pre": ["model.norm=pre", "model.tied=all"],
    "post": ["model.norm=post", "model.tied=none", "model.positions=learned"],
}
# What the row of EOS is multiplied with, and what its bias gets.
ENDS = {"pre": (2.5, 2.0), "post": (4.0, 0.0)}


def train(corpus, runs, name, *settings):
    flags = ["--attention", "transformer", "--run-name", name, "--threads", 1]
    done = attncli("train", *flags, "--data", corpus, "--runs", runs, *sets(*TINY, *settings))
    assert done.code == 0, done.err
    return Run(runs / name)


def sharpen(run, row, bias):
    """Large random weights: a model without training that is sure of its words, and ends some."""
    random = torch.Generator().manual_seed(2)
    tensors = load(run).model.state_dict()
    for name, part in tensors.items():
        tensors[name] = part + 0.5 * torch.randn(part.shape, generator=random)
    tensors["output.weight"][EOS] *= row
    tensors["output.bias"][EOS] += bias
    if run.recipe().value("model.tied") == "all":
        for side in ("src", "tgt"):
            tensors[f"{side}_embedding.weight"] = tensors["output.weight"].clone()
    facts = run.load_state(run.served())[1]
    run.save_state(run.served(), {f"model.{n}": part for n, part in tensors.items()}, facts)


@pytest.fixture(scope="module")
def exported(corpus, tmp_path_factory):
    """A folder of runs, one for each shape, each with its export inside."""
    runs = tmp_path_factory.mktemp("exported")
    for name, settings in SHAPES.items():
        sharpen(train(corpus, runs, name, *settings), *ENDS[name])
        done = attncli("export", name, "--to", "ctranslate2", "--runs", runs)
        assert done.code == 0, done.err
    return runs


def translate(runs, run, engine, *more):
    where = ["--run", run, "--runs", runs, "--threads", 1, "--engine", engine]
    return attncli("translate", *where, *LIMIT, *more, stdin=LINES.encode())


@pytest.mark.parametrize("beam", [1, 2, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_export_writes_what_the_model_writes(exported, shape, beam):
    ours = translate(exported, shape, "torch", "--beam", beam)
    theirs = translate(exported, shape, "ctranslate2", "--beam", beam)
    assert (ours.code, theirs.code) == (0, 0), theirs.err
    assert theirs.lines == ours.lines
    assert len(set(ours.lines)) > 2


@pytest.mark.parametrize("shape", SHAPES)
def test_scores_of_all_hypotheses_are_ours(exported, shape):
    """By log-probability: CTranslate2 keeps a full beam of those, before any length penalty."""
    plain = sets("search.length_penalty=0")
    both = []
    for engine in ("torch", "ctranslate2"):
        done = translate(exported, shape, engine, "--n-best", 3, *plain)
        assert done.code == 0, done.err
        both.append([line.split(" ||| ") for line in done.lines])
    ours, theirs = both
    assert [row[:2] for row in theirs] == [row[:2] for row in ours]
    for our, their in zip(ours, theirs, strict=True):
        assert float(their[2]) == pytest.approx(float(our[2]), abs=2e-4)


def test_int8_is_smaller_and_writes_much_the_same(exported, tmp_path):
    shutil.copytree(exported / "pre", tmp_path / "pre")
    full = (tmp_path / "pre" / "ctranslate2" / "model.bin").stat().st_size
    done = attncli("export", "pre", "--runs", tmp_path, "--quantization", "int8")
    assert done.code == 0, done.err
    assert (tmp_path / "pre" / "ctranslate2" / "model.bin").stat().st_size < full
    ours = translate(exported, "pre", "torch").lines
    theirs = translate(tmp_path, "pre", "ctranslate2").lines
    assert len(theirs) == len(ours)
    assert set(theirs) & set(ours) - {""}


@pytest.mark.parametrize(
    "setting",
    ["model.attention=general", "model.attention=dot", "model.window=2", "model.window=50"],
)
def test_what_ctranslate2_cannot_express_is_refused(corpus, tmp_path, setting):
    train(corpus, tmp_path, "other", setting)
    done = attncli("export", "other", "--runs", tmp_path)
    assert done.code == 2
    assert "without a window or another attention" in done.err.splitlines()[-1]
    assert not (tmp_path / "other" / "ctranslate2").exists()
    assert not (tmp_path / "other" / "ctranslate2.part").exists()


@pytest.mark.parametrize(
    ("setting", "said"),
    [("model.key_dim=4", "model.key_dim=0"), ("model.vectors=digits", "model.vectors=digits")],
)
def test_sizes_and_vectors_that_ctranslate2_has_not_are_refused(corpus, tmp_path, setting, said):
    train(corpus, tmp_path, "other", setting)
    done = attncli("export", "other", "--runs", tmp_path)
    assert done.code == 2
    assert said in done.err.splitlines()[-1]


def test_a_recurrent_model_is_refused(runs):
    done = attncli("export", "first", "--runs", runs)
    assert done.code == 2
    assert "decodes Transformers only; this model is 'recurrent'" in done.err


def test_nothing_exported_says_which_command_does_it(exported, tmp_path):
    shutil.copytree(exported / "pre", tmp_path / "pre")
    shutil.rmtree(tmp_path / "pre" / "ctranslate2")
    done = translate(tmp_path, "pre", "ctranslate2")
    assert done.code == 2
    assert "attncli export" in done.err


def test_nothing_exported_of_a_model_that_cannot_be_says_what_can(runs):
    done = attncli("translate", "--run", "second", "--runs", runs, "--engine", "ctranslate2")
    assert done.code == 2
    assert "decodes Transformers only" in done.err
    assert "attncli export --to onnx" in done.err


def test_a_damaged_file_is_said(exported, tmp_path):
    shutil.copytree(exported / "pre", tmp_path / "pre")
    path = tmp_path / "pre" / "ctranslate2" / "model.bin"
    path.write_bytes(path.read_bytes()[:5000])
    done = translate(tmp_path, "pre", "ctranslate2")
    assert done.code == 1
    assert "model.bin: damaged (export again: attncli export" in done.err


def test_an_export_of_other_weights_is_not_used(exported, tmp_path):
    shutil.copytree(exported / "pre", tmp_path / "pre")
    run = Run(tmp_path / "pre")
    tensors, facts = run.load_state(run.served())
    tensors["model.output.bias"][EOS] += 1
    run.save_state(run.served(), tensors, facts)
    done = translate(tmp_path, "pre", "ctranslate2")
    assert done.code == 2
    assert "export again: attncli export" in done.err


def test_another_folder_is_left_alone(exported, tmp_path):
    (tmp_path / "notes").write_text("mine")
    done = attncli("export", "pre", "--runs", exported, "--out", tmp_path)
    assert done.code == 2
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_search_that_ctranslate2_has_not_is_refused(exported):
    for more in (["--sample"], sets("search.coverage_penalty=0.2"), ["--alignments"]):
        done = translate(exported, "pre", "ctranslate2", *more)
        assert done.code == 2
        assert "--engine torch" in done.err


def test_without_the_extra_one_line_says_how_to_get_it(exported):
    with mock.patch.dict("sys.modules", {"ctranslate2": None}):
        done = attncli("export", "pre", "--runs", exported)
    assert done.code == 2
    assert "pip install 'attncli[export]'" in done.err


def test_jsonl_has_no_alignment_but_log_probabilities(exported):
    ours = translate(exported, "pre", "torch", "--format", "jsonl")
    assert json.loads(ours.lines[0])["hypotheses"][0]["alignment"] is not None
    done = translate(exported, "pre", "ctranslate2", "--format", "jsonl")
    assert done.code == 0, done.err
    first = json.loads(done.lines[0])["hypotheses"][0]
    assert first["alignment"] is None
    assert first["log_prob"] == pytest.approx(
        json.loads(ours.lines[0])["hypotheses"][0]["log_prob"], abs=1e-3
    )
