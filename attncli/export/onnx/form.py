"""ONNX's form, for every model that reads one sentence: `encode.onnx` and `step.onnx`."""

from __future__ import annotations

from pathlib import Path

import torch

from attncli.attention.base import State
from attncli.errors import UsageError
from attncli.experiment import Loaded
from attncli.export.form import FLOAT, Form
from attncli.export.onnx.engine import FILES, Graph, OnnxTranslator
from attncli.export.onnx.examples import Sizes, example
from attncli.export.onnx.graphs import Encode, Step, quantize, save
from attncli.export.onnx.library import check_exporter, runtime
from attncli.search import Search
from attncli.translate import Translator

TRACED = Sizes(batch=3, queries=2, src_len=7, steps=4)
OPEN = Sizes(batch=5, queries=6, src_len=9, steps=8)  # no two sizes change alike
TRIED = (Sizes(1, 1, 1, 1), Sizes(1, 1, 40, 1), Sizes(4, 5, 12, 3))
CLOSE = 2e-3


class Onnx(Form):
    """Two graphs that any runtime of ONNX loads."""

    name = "onnx"
    quantizations = (FLOAT, "int8")

    def fill(self, loaded: Loaded, folder: Path, quantization: str) -> None:
        runtime()
        check_exporter()
        model = loaded.model
        if model.previous or model.output.joint:
            reads = "previous sentences" if model.previous else "words that only the source has"
            raise UsageError(
                f"{loaded.run.path}: the graphs are of one sentence and a fixed vocabulary, and "
                f"this model knows {reads} (translate with --engine torch)"
            )
        words = min(loaded.codec.src.size, loaded.codec.tgt.size)
        sample, other = (example(model, words, sizes) for sizes in (TRACED, OPEN))
        encode, step = (folder / name for name in FILES)
        encode_as, step_as = Encode(model, sample), Step(model, sample)
        save(encode_as, encode, sample.to_encode(), other.to_encode())
        save(step_as, step, sample.to_step(), other.to_step())
        for sizes in TRIED:
            tried = example(model, words, sizes)
            compare(Graph(encode)(tried.to_encode()), tried.read.named(), loaded)
            compare(Graph(step)(tried.to_step()), step_as.named(tried.to_step()), loaded)
        if quantization != FLOAT:
            quantize(encode)
            quantize(step)

    def open(
        self, loaded: Loaded, search: Search, folder: Path, sentences: int, seed: int
    ) -> Translator:
        return OnnxTranslator(loaded, search, folder, sentences, seed)


def compare(theirs: State, ours: State, loaded: Loaded) -> None:
    """Holds what a graph gives against what the model gives.

    Raises:
        UsageError: they differ.
    """
    for name, part in ours.items():
        if not torch.allclose(theirs[name], part, rtol=CLOSE, atol=CLOSE):
            apart = float((theirs[name] - part).abs().max())
            raise UsageError(
                f"ONNX cannot compute this model (attention '{loaded.mechanism}'): "
                f"{name} differs by {apart:.2g}"
            )
