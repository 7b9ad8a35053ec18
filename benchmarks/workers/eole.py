"""eole 0.6.4: its own training loop and its own inference engine, fed with the same pieces."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import yaml
from eole.config.run import PredictConfig, TrainConfig
from eole.inference_engine import InferenceEnginePY
from eole.train_single import main
from eole.trainer import BatchProcessor
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks.workers.job import LENGTH, Job, Laps, run, timed_decodings

FAR = 1_000_000


def pieces_of(job: Job) -> Path:
    """The folder of the tokenised text."""
    return Path(job.folder).parents[1] / "pieces"


def settings_of(job: Job) -> TrainConfig:
    """The configuration with its paths, limits and seed."""
    text = pieces_of(job)
    settings: dict[str, Any] = yaml.safe_load(job.settings.read_text(encoding="utf-8"))
    settings["training"].update(
        compute_dtype="bf16" if job.system.endswith("bf16") else "fp32",
        model_path=job.folder,
        num_workers=0,
        train_steps=job.warm + job.updates,
        valid_steps=FAR,
        save_checkpoint_steps=FAR,
    )
    vocabulary = str(text / "vocabulary")
    return TrainConfig(
        seed=job.seed,
        src_vocab=vocabulary,
        tgt_vocab=vocabulary,
        share_vocab=True,
        report_every=10,
        data={
            name: {"path_src": str(text / f"{stem}.en"), "path_tgt": str(text / f"{stem}.de")}
            for name, stem in (("corpus", "train"), ("valid", "val"))
        },
        **settings,
    )


def measure_training(job: Job) -> dict[str, float]:
    """Updates of eole's own training loop; it saves its model at the end."""
    torch.set_num_threads(job.threads)
    laps = Laps(job)
    words = 0
    process = BatchProcessor.process_batch

    def counted(self: Any, batch: Any, *rest: Any) -> Any:
        nonlocal words
        words += int((batch["tgt"][:, 1:] != self.train_loss.padding_idx).sum())
        return process(self, batch, *rest)

    def mark(*_: object) -> None:
        laps.mark(words)

    register_optimizer_step_post_hook(mark)
    with patch.object(BatchProcessor, "process_batch", counted):
        main(settings_of(job), device_id=-1)
    return laps.found


def measure_decoding(job: Job) -> dict[str, float]:
    """Translations by eole's own inference engine.

    Raises:
        ValueError: its scores are NaN, as its Transformer's were with some settings.
    """
    torch.set_num_threads(job.threads)
    lines = (pieces_of(job) / "test.en").read_text(encoding="utf-8").splitlines()
    engines: dict[tuple[int, int], Any] = {}

    def decode(chosen: list[str], beam: int, batch: int) -> list[int]:
        if (beam, batch) not in engines:
            engines[beam, batch] = InferenceEnginePY(
                PredictConfig(
                    model_path=job.folder,
                    src="dummy",
                    beam_size=beam,
                    batch_size=batch,
                    min_length=LENGTH,
                    max_length=LENGTH,
                    max_length_ratio=0,
                    compute_dtype="fp32",
                )
            )
        scores, _, found = engines[beam, batch].infer_list(chosen)
        if any(math.isnan(float(best[0])) for best in scores):
            raise ValueError("the scores of the translations are NaN")
        return [len(best[0].split()) for best in found]

    return timed_decodings(job, lines, decode)


if __name__ == "__main__":
    run({"train": measure_training, "decode": measure_decoding})
