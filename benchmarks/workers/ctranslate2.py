"""CTranslate2: decoding of attncli's own Transformer, exported by `attncli export`."""

from __future__ import annotations

from pathlib import Path

import ctranslate2

from benchmarks.workers.job import LENGTH, Job, run, timed_decodings

TYPES = {"ctranslate2": "float32", "ctranslate2-int8": "int8"}


def measure_decoding(job: Job) -> dict[str, float]:
    """Translations by CTranslate2's own batching."""
    top = Path(job.folder).parents[1]
    translator = ctranslate2.Translator(
        str(top / "attncli" / job.configuration / "ctranslate2"),
        compute_type=TYPES[job.system],
        inter_threads=1,
        intra_threads=job.threads,
    )
    lines = (top / "pieces" / "test.en").read_text(encoding="utf-8").splitlines()

    def decode(chosen: list[str], beam: int, batch: int) -> list[int]:
        found = translator.translate_batch(
            [line.split() for line in chosen],
            beam_size=beam,
            max_batch_size=batch,
            min_decoding_length=LENGTH,
            max_decoding_length=LENGTH,
        )
        return [len(one.hypotheses[0]) for one in found]

    return timed_decodings(job, lines, decode)


if __name__ == "__main__":
    run({"decode": measure_decoding})
