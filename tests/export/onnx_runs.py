"""Runs that were hardly trained, their export to ONNX, and what they are given to translate."""

from __future__ import annotations

import torch

from attncli.run import Run
from attncli.text.piece_model import EOS
from tests.running import attncli, sets, train

LINES = "ein zwei\ndrei rot Haus steht\n\nblau blau Hund\nläuft vier ein steht Haus rot\nein\n"
LIMIT = sets("search.max_ratio=2", "search.max_extra=4")  # another for each length
TINY = ["train.epochs=1", "train.steps=1", "train.monitor=loss"]
TRANSFORMER = ["model.dim=32", "model.feed_forward=48", "model.layers=1", "subword.vocab_size=120"]
SHAPES = {
    "general": ["luong-general", "model.layers=2"],
    "bahdanau": ["bahdanau"],
    "local": ["local-p", "model.cell=gru", "model.encoder=reversed", "model.bridge=mean"],
    "coverage": ["coverage", "model.reads=before", "model.attention.score.normalize=sparsemax"],
    "pointed": ["ntm", "model.attention.interpolation=false"],
    "transformer": ["transformer"],
    "narrow-keys": ["transformer", "model.norm=pre", "model.key_dim=3", "model.decoder_layers=2"],
    "additive-heads": ["transformer", "model.self_attention=additive"],
}


def sharpen(run):
    """Large random weights: a model without training that is sure of its words, and ends some."""
    random = torch.Generator().manual_seed(3)
    tensors, facts = run.load_state(run.served())
    for name, part in tensors.items():
        if name.startswith("model.") and part.is_floating_point():
            tensors[name] = part + 0.4 * torch.randn(part.shape, generator=random)
    tensors["model.output.bias"][EOS] += 2
    run.save_state(run.served(), tensors, facts)


def begun(corpus, runs, shape):
    """A run that has hardly been trained."""
    attention, *settings = SHAPES[shape]
    settings += TINY
    if attention == "transformer":
        where = ["--data", corpus, "--runs", runs, "--run-name", shape, "--threads", 1]
        done = attncli(
            "train", *where, "--attention", attention, *sets(*TRANSFORMER, *TINY, *settings)
        )
        assert done.code == 0, done.err
    else:
        train(corpus, runs, shape, "--attention", attention, *sets(*settings))
    sharpen(Run(runs / shape))


def exported(corpus, runs, shape):
    """Such a run with its export inside."""
    begun(corpus, runs, shape)
    done = attncli("export", shape, "--to", "onnx", "--runs", runs)
    assert done.code == 0, done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 2, done.err


def translate(runs, run, engine, *more):
    where = ["--run", run, "--runs", runs, "--threads", 1, "--engine", engine]
    return attncli("translate", *where, *LIMIT, *more, stdin=LINES.encode())
