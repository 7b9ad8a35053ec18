"""Where attncli's own time goes in what `make bench` measures: `make profile`, docs/profile.md.

One thread, so that no operation waits for a second one. What operations take is asked of torch's
profiler; what is left of the time is Python's, that of starting operations, and the profiler's. The
same work is timed without it too.
"""

from __future__ import annotations

import argparse
import math
import platform
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from torch import Tensor
from torch.profiler import ProfilerActivity, profile, record_function

from attncli.models import output
from attncli.models.top import top
from attncli.run import processor
from attncli.train.trainer import Trainer
from benchmarks.__main__ import BUILD, TEXT
from benchmarks.peers import ROOT
from benchmarks.workers import attncli
from benchmarks.workers.job import DECODINGS, Job

WARM = 5
UPDATES = 25
SENTENCES = {64: 640, 1: 40}  # by size of batch
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "addmm_")
KINDS = {
    "products": PRODUCTS,
    "LSTM layers": ("mkldnn_rnn_layer", "mkldnn_rnn_layer_backward"),
    "fused attention": (
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_flash_attention_for_cpu_backward",
    ),
    "softmax and sums of powers": ("_softmax", "_log_softmax", "_softmax_backward_data", "exp2_"),
    "choosing the best": ("topk", "sort", "max", "amax", "argmax"),
    "copies": ("copy_", "cat", "gather", "index", "index_select", "index_put_", "scatter_"),
}
OTHER = "element by element"
BEST = "top"  # what of it is not torch's
FAULTS = 500  # pages, in a piece of work that counts


class Spent:
    """Pieces of work under the profiler, one after the other, and the same timed without it.

    What the profiler records takes memory between the tensors, so that large ones are put where
    nothing was before, and the system hands out these pages one by one within the operations. A
    piece in which that happened does not count; after some, room for both has been found.
    """

    def __init__(self) -> None:
        self.words, self.seconds = 0, 0.0  # without the profiler
        self.pieces, self.counted = 0, 0
        self.profiled_words, self.profiled_seconds = 0, 0.0
        self.kinds = dict.fromkeys([*KINDS, OTHER], 0.0)
        self.operations = self.work = 0

    @contextmanager
    def watch(self) -> Iterator[list[int]]:
        """Around a piece of work; the list is for how many tokens it makes."""
        words: list[int] = []
        with profile(activities=[ProfilerActivity.CPU], with_flops=True) as profiled:
            faults, begun = _faults(), time.perf_counter()
            yield words
            seconds, faults = time.perf_counter() - begun, _faults() - faults
        self.pieces += 1
        if faults > FAULTS:
            return
        self.counted += 1
        self.profiled_seconds += seconds
        self.profiled_words += sum(words)
        for event in profiled.key_averages(group_by_input_shape=True):
            if event.key == BEST:
                self.kinds["choosing the best"] += event.self_cpu_time_total / 1e6
            if not event.key.startswith("aten::"):
                continue
            operation = event.key.removeprefix("aten::")
            kind = next((kind for kind, names in KINDS.items() if operation in names), OTHER)
            self.kinds[kind] += event.self_cpu_time_total / 1e6
            self.operations += event.count
            if operation in PRODUCTS:
                self.work += event.count * _operations(operation, event.input_shapes)

    def line(self, name: str, gflops: float) -> str:
        """As a row of the table, beside a ceiling in GFLOP/s."""
        shares = [seconds / self.profiled_seconds for seconds in self.kinds.values()]
        rate = self.work / self.kinds["products"] / 1e9
        cells = [
            name,
            f"{self.words / self.seconds:,.0f}",
            *(f"{share:.0%}" for share in shares),
            f"{1 - sum(shares):.0%}",
            f"{self.operations / self.profiled_words:,.1f}",
            f"{rate:.0f} ({rate / gflops:.0%})",
            f"{self.counted} of {self.pieces}",
        ]
        return f"| {' | '.join(cells)} |"


def recorded(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The same as `top`, with a name of its own in a profile."""
    with record_function(BEST):
        return top(scores, k)


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def _operations(product: str, shapes: list[list[int]]) -> int:
    """Two for each multiply-add of a product of (..., n, k) and (..., k, m)."""
    left, right = shapes[1:3] if product.startswith(("addmm", "baddbmm")) else shapes[:2]
    return 2 * math.prod(left) * right[-1]


def training(job: Job) -> Spent:
    """Updates of the training loop, timed and then profiled."""
    job, spent = replace(job, warm=WARM, updates=UPDATES), Spent()
    timed = attncli.measure_training(job)
    spent.words, spent.seconds = int(timed["tokens"]), timed["seconds"]
    step = Trainer.step

    def watched(self: Trainer, *given: Any) -> tuple[float, float]:
        before = self.progress.words
        with spent.watch() as words:
            found = step(self, *given)
            words.append(self.progress.words - before)
        return found

    with patch.object(Trainer, "step", watched):
        attncli.measure_training(job)
    return spent


def decoding(job: Job, beam: int, batch: int) -> Spent:
    """Translations of test sentences, timed and then profiled batch by batch."""
    decode, lines = attncli.decoder(job)
    chosen, spent = lines[: SENTENCES[batch]], Spent()
    decode(chosen[:batch], beam, batch)
    begun = time.perf_counter()
    spent.words = sum(decode(chosen, beam, batch))
    spent.seconds = time.perf_counter() - begun
    for first in range(0, len(chosen), batch):
        with patch.object(output, "top", recorded), spent.watch() as words:
            words += decode(chosen[first : first + batch], beam, batch)
    return spent


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
    headings += ["operations a token", "GFLOP/s of products (of the ceiling)", "counted"]
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
        "[performance.md](performance.md). Tokens are hypotheses', not those of all of a beam. An "
        "update or a batch counts if the profiler's own memory did not get in its way (fewer than "
        f"{FAULTS} page faults).\n\n"
    )
    given.out.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
