"""joeynmt 2.3.0: its own training loop and its own prediction, fed with the same pieces."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from unittest.mock import patch

import joeynmt.prediction
import torch
import yaml
from joeynmt.config import parse_global_args
from joeynmt.prediction import predict, prepare
from joeynmt.training import TrainManager, train
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks.workers.job import LENGTH, Job, Laps, run, timed_decodings

FAR = 1_000_000


def settings_of(job: Job) -> dict[str, Any]:
    """The configuration with its paths, limits and seed."""
    text, folder = Path(job.folder).parents[1] / "pieces", Path(job.folder)
    settings: dict[str, Any] = yaml.safe_load(job.settings.read_text(encoding="utf-8"))
    data = {"train": "train", "dev": "val", "test": "test"}
    settings["data"].update({name: str(text / stem) for name, stem in data.items()})
    settings["data"]["dataset_type"] = "plain"
    for side in ("src", "trg"):
        settings["data"][side]["voc_file"] = str(text / "vocabulary")
    settings["model_dir"] = str(folder)
    settings["random_seed"] = job.seed
    settings["use_cuda"] = False
    settings["training"].update(
        epochs=FAR, updates=job.warm + job.updates, validation_freq=FAR, logging_freq=10
    )
    settings["testing"] = {"return_prob": "none"}
    return settings


def measure_training(job: Job) -> dict[str, float]:
    """Updates of joeynmt's own training loop; it saves its model at the end."""
    torch.set_num_threads(job.threads)
    Path(job.folder).mkdir(parents=True, exist_ok=True)
    laps = Laps(job)
    words = 0
    step = TrainManager._train_step

    def counted(self: Any, batch: Any) -> Any:
        nonlocal words
        words += int(batch.ntokens)
        return step(self, batch)

    def mark(*_: object) -> None:
        laps.mark(words)

    register_optimizer_step_post_hook(mark)
    with patch.object(TrainManager, "_train_step", counted):
        train(rank=0, world_size=1, cfg=settings_of(job), skip_test=True)
    return laps.found


def measure_decoding(job: Job) -> dict[str, float]:
    """Translations by joeynmt's own prediction loop.

    Its configuration has a least length but does not hand it to the search; this does.
    """
    torch.set_num_threads(job.threads)
    settings = settings_of(job)
    settings["testing"]["load_model"] = str(newest(Path(job.folder)))
    args = parse_global_args(settings, rank=0, mode="test")
    model, _, _, test = prepare(args, rank=0, mode="test")
    search = functools.partial(joeynmt.prediction.search, min_output_length=LENGTH)
    everything = {side: list(lines) for side, lines in test.data.items()}

    def decode(chosen: list[str], beam: int, batch: int) -> list[int]:
        test.data = {side: lines[: len(chosen)] for side, lines in everything.items()}
        test.data[test.src_lang] = chosen
        test.reset_indices()
        decoding = args.test._replace(
            batch_size=batch, beam_size=beam, beam_alpha=1.0, max_output_length=LENGTH
        )
        found = predict(model, test, args.device, n_gpu=0, args=decoding, autocast=args.autocast)
        return [len(pieces) for pieces in found[3]]

    with patch.object(joeynmt.prediction, "search", search):
        return timed_decodings(job, everything[test.src_lang], decode)


def newest(folder: Path) -> Path:
    """The checkpoint that training left."""
    return max(folder.glob("*.ckpt"), key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    run({"train": measure_training, "decode": measure_decoding})
