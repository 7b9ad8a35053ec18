"""Memory and preparation of corpora of several sizes, as JSON: `make bench-memory`.

For each size pairs are generated, prepared, and trained on for some steps, in a process of its own.
`anonymous` is RssAnon of /proc/self/status in MB: what only this process holds and no file backs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

ROOT = Path(__file__).parents[1]
BLOCK = 100_000
WORDS = 30_000
RECIPE = [
    "subword.kind=bpe",
    "subword.vocab_size=4000",
    "model.embedding=64",
    "model.hidden=64",
    "batch.tokens=1000",
    "train.monitor=loss",
]


def write_text(folder: Path, pairs: int, seed: int) -> None:
    """Pairs of 3 to 20 invented words, frequent and rare ones; the same for the same seed."""
    folder.mkdir(parents=True)
    starts, ends = ("ba", "ke", "li", "mo", "su", "tra"), ("n", "r", "st", "la", "du")
    stems = [f"{starts[word % 6]}{word:x}" for word in range(WORDS)]
    sides = {
        "en": np.array([stem + ends[word % 5] for word, stem in enumerate(stems)], object),
        "de": np.array([ends[word % 3] + stem for word, stem in enumerate(stems)], object),
    }
    for part, count, stream in (("train", pairs, 0), ("val", 200, 1)):
        files = {side: (folder / f"{part}.{side}").open("w", encoding="utf-8") for side in sides}
        for block in range(0, count, BLOCK):
            random = np.random.default_rng([seed, stream, block])
            lengths = random.integers(3, 21, min(BLOCK, count - block))
            chosen = (random.random(lengths.sum()) ** 4 * WORDS).astype(int)
            begins = np.cumsum(lengths)[:-1]
            for side, words in sides.items():
                lines = np.split(words[chosen], begins)
                files[side].write("".join(" ".join(line) + "\n" for line in lines))
        for file in files.values():
            file.close()


def anonymous() -> float:
    """Memory of this process that no file backs, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


class Watch:
    """Reads the anonymous memory many times a second while it is on."""

    def __init__(self) -> None:
        self.most = 0.0
        self.done = threading.Event()

    @contextmanager
    def on(self) -> Iterator[None]:
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            self.done.set()
            watching.join()

    def _watch(self) -> None:
        while not self.done.wait(0.02):
            self.most = max(self.most, anonymous())


def measure(text: Path, pairs: int, steps: int, threads: int) -> dict[str, float]:
    """Prepares and trains in this process."""
    from attncli import machine
    from attncli.recipe import Recipe
    from attncli.run import Run
    from attncli.train import training
    from attncli.train.preparation import Prepared, prepare

    place = machine.prepare("cpu", threads)
    found = {"pairs": float(pairs), "threads": float(threads)}
    preparing, learning = Watch(), Watch()

    def timed(recipe: Recipe, run: Run, say: Callable[[str], None], workers: int) -> Prepared:
        begun = time.monotonic()
        with preparing.on():
            prepared = prepare(recipe, run, say, workers)
        found["prepare_seconds"] = round(time.monotonic() - begun, 1)
        found["pairs_per_second"] = round(pairs / (time.monotonic() - begun))
        found["anonymous_preparing"] = round(preparing.most, 1)
        stack.enter_context(learning.on())
        return prepared

    sets = [*RECIPE, f"data.name={text}", f"train.steps={steps}"]
    recipe = Recipe.read(sets=sets)
    run = Run.create(text.parent, "run", dated=False)
    with ExitStack() as stack, patch.object(training, "prepare", timed):
        training.train(recipe, run, lambda line: print(line, file=sys.stderr), device=place)
        found["anonymous_training_end"] = round(anonymous(), 1)
    found["anonymous_training"] = round(learning.most, 1)
    stored = sum(path.stat().st_size for path in (run.path / "data" / "train").iterdir())
    found["stored_megabytes"] = round(stored / 2**20)
    return found


def main() -> None:
    """Measures each size in a process of its own and prints what was found."""
    flag = (parser := argparse.ArgumentParser(prog="benchmarks.memory")).add_argument
    flag("--pairs", default="1000000,5000000", help="sizes, with commas between")
    flag("--steps", type=int, default=100)
    flag("--threads", type=int, default=len(os.sched_getaffinity(0)))
    flag("--seed", type=int, default=1)
    flag("--work", type=Path, default=ROOT / "build" / "bench" / "memory")
    flag("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        shutil.rmtree(given.work, ignore_errors=True)
        begun = time.monotonic()
        write_text(given.work / "text", int(given.pairs), given.seed)
        generated = round(time.monotonic() - begun, 1)
        found = measure(given.work / "text", int(given.pairs), given.steps, given.threads)
        print(json.dumps({**found, "generate_seconds": generated}))
        return
    results = []
    for size in given.pairs.split(","):
        same = [f"--{name}={getattr(given, name)}" for name in ("steps", "threads", "seed")]
        command = [sys.executable, "-m", "benchmarks.memory", "--one", f"--pairs={size}", *same]
        work = given.work / size
        done = subprocess.run([*command, f"--work={work}"], stdout=subprocess.PIPE, check=True)
        results.append(json.loads(done.stdout))
        print(json.dumps(results[-1]), file=sys.stderr)
        shutil.rmtree(work)
    levels = [result["anonymous_training"] for result in results]
    print(
        json.dumps({"sizes": results, "difference": round(max(levels) - min(levels), 1)}, indent=1)
    )


if __name__ == "__main__":
    main()
