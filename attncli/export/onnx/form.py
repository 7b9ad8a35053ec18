"""ONNX's form, for every model that reads one sentence: graphs to encode it and to write."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from attncli.attention.base import State
from attncli.errors import AttnError, UsageError
from attncli.experiment import Loaded
from attncli.export.form import FLOAT, Form
from attncli.export.onnx.engine import FILES, ExportedModel, Graph, OnnxTranslator
from attncli.export.onnx.examples import Example, Sizes, example
from attncli.export.onnx.graphs import Encode, Step, quantize, save
from attncli.export.onnx.library import check_exporter, runtime
from attncli.export.onnx.loop import looped
from attncli.export.onnx.output import scoring_at_once
from attncli.models.decoded import Source
from attncli.search import Search
from attncli.search.greedy import greedy
from attncli.translate import Translator

TRACED = Sizes(batch=3, queries=2, src_len=7, steps=4)
OPEN = Sizes(batch=5, queries=6, src_len=9, steps=8)  # no two sizes change alike
ALONE = Sizes(batch=1, queries=1, src_len=7, steps=4)
ALONE_OPEN = Sizes(batch=1, queries=1, src_len=9, steps=8)
TRIED_ALONE = (Sizes(1, 1, 1, 1), Sizes(1, 1, 150, 1))
TRIED = (*TRIED_ALONE, Sizes(4, 5, 12, 3))
WRITTEN = 12  # words at the most
CLOSE = 2e-3
ROUNDED = 0.5  # with weights of 8 bits


class Onnx(Form):
    """Graphs that any runtime of ONNX loads."""

    name = "onnx"
    quantizations = (FLOAT, "int8")
    files = FILES
    version = 2

    def check(self, loaded: Loaded) -> None:
        if loaded.model.previous or loaded.model.output.joint:
            copies = loaded.model.output.joint
            reads = "words that only the source has" if copies else "previous sentences"
            raise UsageError(
                f"{loaded.run.path}: the graphs are of one sentence and a fixed vocabulary, and "
                f"this model knows {reads} (translate with --engine torch)"
            )

    def fill(self, loaded: Loaded, folder: Path, quantization: str) -> None:
        runtime()
        check_exporter()
        try:
            self._written(loaded, folder, quantization)
        except AttnError:
            raise
        except ImportError as error:
            raise UsageError(
                f"what is installed of ONNX does not fit this torch: {error} "
                "(pip install --upgrade onnx onnxscript onnxruntime)"
            ) from error
        except Exception as error:  # torch's exporter and ONNX Runtime raise of every kind
            raise UsageError(
                f"{loaded.run.path}: ONNX cannot express this model "
                "(translate with --engine torch; --debug says why)"
            ) from error

    def _written(self, loaded: Loaded, folder: Path, quantization: str) -> None:
        model = loaded.model
        scoring = scoring_at_once(model) if quantization == FLOAT else model
        words = min(loaded.codec.src.size, loaded.codec.tgt.size)
        sample, other = (example(model, words, sizes) for sizes in (TRACED, OPEN))
        encoding, writing, greedily = (folder / name for name in FILES)
        encode, step = Encode(model, sample), Step(scoring, sample)
        save(encode, encoding, sample.to_encode(), other.to_encode())
        save(step, writing, sample.to_step(), other.to_step())
        alone, longer = (example(model, words, sizes) for sizes in (ALONE, ALONE_OPEN))
        writing_one = folder / "alone.onnx"
        save(Step(model, alone), writing_one, alone.to_step(), longer.to_step())

        def check(path: Path, tried: Example, close: float) -> None:
            given = tried.to_step()
            compare(Graph(encoding)(tried.to_encode()), tried.read.named(), loaded, close)
            compare(Graph(path)(given), step.named(given), loaded, close)

        for sizes in TRIED:
            check(writing, example(model, words, sizes), CLOSE)
        for sizes in TRIED_ALONE:
            check(writing_one, example(model, words, sizes), CLOSE)
        greedily.write_bytes(looped(writing_one))
        check_at_once(ExportedModel(model, folder), longer.source)
        if quantization != FLOAT:
            for path in (encoding, writing, writing_one):
                quantize(path)
            check(writing, sample, ROUNDED)
            check(writing_one, longer, ROUNDED)
            greedily.write_bytes(looped(writing_one))
        writing_one.unlink()

    def open(
        self, loaded: Loaded, search: Search, folder: Path, sentences: int, seed: int
    ) -> Translator:
        return OnnxTranslator(loaded, search, folder, sentences, seed)


def compare(theirs: State, ours: State, loaded: Loaded, close: float) -> None:
    """Holds what a graph gives against what the model gives.

    Raises:
        UsageError: they differ, by more than `close` and that share.
    """
    for name, part in ours.items():
        their, our = theirs[name].float(), part.float()
        if their.shape != our.shape or not torch.allclose(their, our, rtol=close, atol=close):
            raise UsageError(
                f"ONNX cannot compute this model (attention '{loaded.mechanism}'): "
                f"{name} is another there (translate with --engine torch)"
            )


@torch.inference_mode()
def check_at_once(model: ExportedModel, source: Source) -> None:
    """Holds what one run writes of a sentence against what many runs of the step write.

    Raises:
        ValueError: they differ.
    """
    (stepwise,), _ = greedy(model, source, [WRITTEN], look=False)
    at_once = model.greedily(source, WRITTEN)
    if at_once.ids != stepwise.ids or not math.isclose(
        at_once.log_prob, stepwise.log_prob, rel_tol=CLOSE, abs_tol=CLOSE
    ):
        raise ValueError(f"{FILES[2]} writes other words than {FILES[1]}")
