"""attncli: the pieces that all systems read, training, decoding; the machine's ceiling."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from attncli import machine
from attncli.decoding import Encoded
from attncli.experiment import Loaded, load
from attncli.export.form import FLOAT
from attncli.export.forms import FORMS
from attncli.export.onnx.engine import OnnxTranslator
from attncli.products import exact, multiplied
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.search import Search
from attncli.text.piece_model import EOS
from attncli.train.preparation import prepare
from attncli.train.trainer import Trainer
from attncli.train.training import train
from attncli.translate import Translator
from benchmarks.workers.job import LENGTH, Decode, Job, Laps, run, timed_decodings

SIDES = ("en", "de")
LARGE = 16_000_000  # numbers, which no cache holds
NEVER = -100.0  # the bias of EOS: only the length limit ends a translation


def recipe_of(job: Job, *sets: str) -> Recipe:
    """The recipe of a configuration on the given text."""
    flags = {"--data": ("data.name", job.text), "--seed": ("seed", str(job.seed))}
    return Recipe.read(job.settings, flags=flags, sets=sets)


def prepare_text(job: Job) -> dict[str, float]:
    """Trains the piece model, tokenises, and writes the pieces as text for the peers."""
    folder = Path(job.folder)
    shutil.rmtree(folder, ignore_errors=True)
    made = Run.create(folder.parent, folder.name, dated=False)
    made.write_recipe(recipe_of(job))
    prepared = prepare(recipe_of(job), made, print)
    codec = prepared.codec
    (folder / "vocabulary").write_text("\n".join(codec.src.names[4:]) + "\n", encoding="utf-8")
    for split in ("train", "val", "test"):
        for side, encode in zip(SIDES, (codec.encode_source, codec.encode_target), strict=True):
            (found,) = Path(job.text).glob(f"{split}*.{side}")
            rows = encode(found.read_text(encoding="utf-8").splitlines())
            lines = [" ".join(codec.src.pieces(row[:-1])) for row in rows]
            (folder / f"{split}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    store = prepared.train
    src, tgt = (int(starts[-1]) for starts in (store.src_starts, store.tgt_starts))
    return {"src_pieces": src, "tgt_pieces": tgt, "pairs": len(store), "vocab": codec.tgt.size}


def measure_training(job: Job) -> dict[str, float]:
    """Updates of attncli's own training loop."""
    folder = Path(job.folder)
    shutil.rmtree(folder, ignore_errors=True)
    made = Run.create(folder.parent, folder.name, dated=False)
    for part in ("codec", "data"):
        shutil.copytree(folder.parents[1] / "pieces" / part, folder / part)
    laps = Laps(job)
    step = Trainer.step

    def timed(self: Trainer, *given: Any) -> tuple[float, float]:
        done = step(self, *given)
        laps.mark(self.progress.words)
        return done

    device = machine.prepare("cpu", job.threads)
    precision = "bf16" if job.system.endswith("bf16") else "float32"
    steps = f"train.steps={job.warm + job.updates}"
    recipe = recipe_of(job, steps, f"train.precision={precision}")
    with patch.object(Trainer, "step", timed):
        train(recipe, made, print, device=device)
    return laps.found


def trained(job: Job) -> Loaded:
    """The model of the run that training left, which never ends a sentence by itself."""
    folder = Path(job.folder).parents[1] / "attncli" / job.configuration
    loaded = load(Run.open(folder), "last", machine.prepare("cpu", job.threads))
    with torch.no_grad():
        loaded.model.output.get_parameter("bias")[EOS] = NEVER
    return loaded


def decoder(job: Job) -> tuple[Decode, list[str]]:
    """What translates with the run that training left, pieces to pieces, and the test sentences."""
    loaded = trained(job)
    test = Path(job.folder).parents[1] / "pieces" / "test.en"
    lines = test.read_text(encoding="utf-8").splitlines()
    src, tgt = loaded.codec.src, loaded.codec.tgt
    ids = {piece: place for place, piece in enumerate(src.names)}
    _, _, form = job.system.partition("-")
    ready: dict[tuple[int, int], Translator] = {}

    def decode(chosen: list[str], beam: int, batch: int) -> list[int]:
        if (beam, batch) not in ready:
            search = Search(beam=beam, max_ratio=0.0, max_extra=LENGTH)
            ready[beam, batch] = (
                exported(loaded, search, form, batch)
                if form
                else Translator([loaded], search, sentences=batch)
            )
        calls = [[line] for line in chosen] if batch == 1 else [chosen]  # one by one: latency
        written = []
        for call in calls:
            rows = [Encoded([*(ids[piece] for piece in line.split()), EOS]) for line in call]
            found = ready[beam, batch].decode(rows, look=False)
            written += [tgt.pieces(hypotheses[0].ids) for hypotheses in found]
        return [len(pieces) for pieces in written]

    return decode, lines


def exported(loaded: Loaded, search: Search, form: str, batch: int) -> Translator:
    """What translates with an export to ONNX, whose graphs are loaded before the clock starts."""
    folder = loaded.run.path / form
    translator = OnnxTranslator(loaded, search, folder, batch, seed=1)
    for graph in (translator.model.encoder, translator.model.one_step):
        graph.session(threads=1)
    return translator


def measure_decoding(job: Job) -> dict[str, float]:
    """Translations by the run that training left."""
    decode, lines = decoder(job)
    return timed_decodings(job, lines, decode)


def exports(form: str, quantization: str = FLOAT) -> Callable[[Job], dict[str, float]]:
    """What writes the run that training left for another program."""

    def export_model(job: Job) -> dict[str, float]:
        loaded = trained(job)
        name = form if quantization == FLOAT else f"{form}-{quantization}"
        FORMS[form].write(loaded, loaded.run.path / name, quantization)
        return {"done": 1.0}

    return export_model


def measure_ceiling(job: Job) -> dict[str, float]:
    """The best rate of multiply-adds in one square float32 matrix product (GFLOP/s), by whichever
    library is faster at it, and the median rate at which memory is read and written where two large
    arrays are added (GB/s).
    """
    machine.prepare("cpu", job.threads)
    size = 2048
    left, right = torch.rand(size, size), torch.rand(size, size)
    seconds: list[float] = []
    for library in (None, exact(left.device)):
        with multiplied(library):
            seconds += times(2, lambda: torch.mm(left, right))
    fastest = min(seconds)
    ours, theirs, total = (torch.rand(LARGE) for _ in range(3))
    usual = statistics.median(times(2, lambda: torch.add(ours, theirs, out=total)))
    return {"gflops": 2 * size**3 / fastest / 1e9, "gbytes": 3 * 4 * LARGE / usual / 1e9}


def times(seconds: float, action: Callable[[], object]) -> list[float]:
    """The seconds of each of as many actions as fit."""
    found: list[float] = []
    until = time.perf_counter() + seconds
    while not found or time.perf_counter() < until:
        begun = time.perf_counter()
        action()
        found.append(time.perf_counter() - begun)
    return found


if __name__ == "__main__":
    run(
        {
            "prepare": prepare_text,
            "train": measure_training,
            "decode": measure_decoding,
            "export-ctranslate2": exports("ctranslate2"),
            "export-onnx": exports("onnx"),
            "export-onnx-int8": exports("onnx", "int8"),
            "ceiling": measure_ceiling,
        }
    )
