"""Where attncli's own time goes in what `make bench` measures: `make profile`, docs/profile.md.

One thread, so that no operation waits for a second one. What operations take is asked of torch's
profiler; what is left of the time is Python's, that of starting operations, and the profiler's. The
same work is timed without it too.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from torch.profiler import ProfilerActivity, profile

from attncli.run import processor
from attncli.train.trainer import Trainer
from benchmarks.__main__ import BUILD, TEXT
from benchmarks.peers import ROOT
from benchmarks.workers import attncli
from benchmarks.workers.job import DECODINGS, Job, Laps

WARM = 5
UPDATES = 10
SENTENCES = {64: 256, 1: 40}  # by size of batch
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "addmm_", "linear")
KINDS = {
    "products": PRODUCTS,
    "LSTM layers": ("mkldnn_rnn_layer", "mkldnn_rnn_layer_backward"),
    "fused attention": (
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_flash_attention_for_cpu_backward",
    ),
    "softmax and sums of exponents": ("_softmax", "_log_softmax", "_softmax_backward_data", "exp_"),
    "choosing the best": ("topk", "sort", "max", "amax", "argmax"),
    "copies": ("copy_", "cat", "gather", "index", "index_select", "index_put_", "scatter_"),
}
OTHER = "element by element"


@dataclass(frozen=True)
class Spent:
    """The same work timed, and by what the profiler says."""

    words: int
    seconds: float
    profiled: profile
    profiled_words: int
    profiled_seconds: float

    def line(self, name: str, gflops: float) -> str:
        """As a row of the table, beside a ceiling in GFLOP/s."""
        kinds, operations, work = dict.fromkeys([*KINDS, OTHER], 0.0), 0, 0
        for event in self.profiled.key_averages():
            if not event.key.startswith("aten::"):
                continue
            operation = event.key.removeprefix("aten::")
            kind = next((kind for kind, names in KINDS.items() if operation in names), OTHER)
            kinds[kind] += event.self_cpu_time_total / 1e6
            operations += event.count
            work += event.flops if operation in PRODUCTS else 0
        shares = [seconds / self.profiled_seconds for seconds in kinds.values()]
        rate = work / kinds["products"] / 1e9
        cells = [
            name,
            f"{self.words / self.seconds:,.0f}",
            *(f"{share:.0%}" for share in shares),
            f"{1 - sum(shares):.0%}",
            f"{operations / self.profiled_words:,.1f}",
            f"{rate:.0f} ({rate / gflops:.0%})",
        ]
        return f"| {' | '.join(cells)} |"


def profiler() -> profile:
    """What counts operations, their time and the work of products."""
    return profile(activities=[ProfilerActivity.CPU], with_flops=True)


def training(job: Job) -> Spent:
    """Updates of the training loop, timed and then profiled."""
    job = replace(job, warm=WARM, updates=UPDATES)
    timed = attncli.measure_training(job)
    watching, step, laps = profiler(), Trainer.step, Laps(WARM, UPDATES)

    def watched(self: Trainer, *given: Any) -> tuple[float, float]:
        found = step(self, *given)
        if laps.done == WARM - 1:
            watching.start()
        laps.mark(self.progress.words)
        if laps.done == WARM + UPDATES:
            watching.stop()
        return found

    with patch.object(Trainer, "step", watched):
        attncli.measure_training(job)
    of_profiled = (watching, int(laps.found["tokens"]), laps.found["seconds"])
    return Spent(int(timed["tokens"]), timed["seconds"], *of_profiled)


def decoding(job: Job, beam: int, batch: int) -> Spent:
    """Translations of test sentences, timed and then profiled."""
    decode, lines = attncli.decoder(job)
    chosen = lines[: SENTENCES[batch]]
    decode(chosen[:batch], beam, batch)
    begun = time.perf_counter()
    words = sum(decode(chosen, beam, batch))
    seconds = time.perf_counter() - begun
    with profiler() as watching:
        begun = time.perf_counter()
        profiled_words = sum(decode(chosen, beam, batch))
        profiled_seconds = time.perf_counter() - begun
    return Spent(words, seconds, watching, profiled_words, profiled_seconds)


def works(job: Job) -> Iterator[tuple[str, Callable[[], Spent]]]:
    """What is measured, by name."""
    for name in ("T", "R", "R0"):
        of = replace(job, configuration=name, folder=str(Path(job.folder) / name))
        yield f"{name}: training", partial(training, of)
        if name == "R0":
            continue
        for how, (beam, batch) in DECODINGS.items():
            yield f"{name}: {how}", partial(decoding, of, beam, batch)


def main() -> None:
    """Measures and writes."""
    flag = (parser := argparse.ArgumentParser(prog="benchmarks.profile")).add_argument
    flag("--data", type=Path, default=TEXT)
    flag("--seed", type=int, default=1)
    flag("--work", type=Path, default=BUILD / "work", help="where `make bench` left its pieces")
    flag("--out", type=Path, default=ROOT / "docs" / "profile.md")
    given = parser.parse_args()
    job = Job(
        *("", "attncli", "T", str(given.data.resolve()), str(given.work / "pieces"), ""),
        threads=1,
        seed=given.seed,
        warm=0,
        updates=0,
        sentences=0,
        single=0,
    )
    if not (given.work / "pieces" / "codec").is_dir():
        attncli.prepare_text(job)
    gflops = attncli.measure_ceiling(job)["gflops"]
    headings = ["", "target tokens/s", *KINDS, OTHER, "outside of operations"]
    headings += ["operations a token", "GFLOP/s of products (of the ceiling)"]
    lines = [f"| {' | '.join(headings)} |", "| --- |" + " ---: |" * (len(headings) - 1)]
    own = replace(job, folder=str(given.work / "attncli"))
    for name, spend in works(own):
        lines.append(spend().line(name, gflops))
        print(lines[-1], flush=True)
    text = (
        "# Where the time goes\n\n"
        f"`make profile`, seed {given.seed}; {processor()}, one thread, ceiling {gflops:.0f} "
        f"GFLOP/s; torch {version('torch')}, Python {platform.python_version()}. Shares are of "
        f"the time under the profiler, tokens/s without it: {UPDATES} updates after {WARM}, "
        f"{SENTENCES[64]} sentences in batches of 64 and {SENTENCES[1]} one by one, as in "
        "[performance.md](performance.md). Tokens are hypotheses', not those of all of a beam.\n\n"
    )
    given.out.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
