"""CTranslate2: decoding of attncli's own Transformer, exported by `attncli export`."""

from __future__ import annotations

from pathlib import Path

import ctranslate2

from benchmarks.workers.job import LENGTH, Job, run, timed_decodings

TYPES = {"ctranslate2": "float32", "ctranslate2-apart": "float32", "ctranslate2-int8": "int8"}


def measure_decoding(job: Job) -> dict[str, float]:
    """Translations by CTranslate2's own batching.

    "apart" decodes as many batches at once as there are threads, each with one; the others one
    batch at a time with all of them.
    """
    apart = job.threads if job.system.endswith("apart") else 1
    top = Path(job.folder).parents[1]
    translator = ctranslate2.Translator(
        str(top / "attncli" / job.configuration / "ctranslate2"),
        compute_type=TYPES[job.system],
        inter_threads=apart,
        intra_threads=job.threads // apart,
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
