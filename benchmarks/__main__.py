"""Measures attncli and its peers and writes docs/performance.md: `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from attncli.run import processor
from benchmarks.ceiling import work
from benchmarks.measure import MeasureError
from benchmarks.peers import ROOT, SYSTEMS, install
from benchmarks.report import page
from benchmarks.rounds import KINDS, TRAINING, Plan, Rounds, say

BUILD = ROOT / "build" / "bench"
TEXT = Path(os.environ.get("ATTNCLI_DATA", "data")) / "multi30k"


def chosen(text: str, among: tuple[str, ...]) -> tuple[str, ...]:
    """Names between commas, in the order of `among`.

    Raises:
        SystemExit: one that is not among them.
    """
    names = [name for name in text.split(",") if name]
    if unknown := [name for name in names if name not in among]:
        raise SystemExit(f"benchmarks: no {unknown[0]!r}; there is {', '.join(among)}")
    return tuple(name for name in among if name in names)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    found = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    flag = found.add_argument
    flag("--only", default=",".join(KINDS), help="of " + ",".join(KINDS))
    flag("--systems", default=",".join(SYSTEMS), help="of " + ",".join(SYSTEMS))
    flag("--configurations", default=",".join(TRAINING), help="of " + ",".join(TRAINING))
    flag("--rounds", type=int, default=3)
    flag("--updates", type=int, default=20, help="timed updates in each round")
    flag("--warm", type=int, default=5, help="updates before them")
    flag("--sentences", type=int, default=1000, help="decoded in batches")
    flag("--single", type=int, default=100, help="decoded one by one")
    flag("--threads", type=int, default=len(os.sched_getaffinity(0)))
    flag("--seed", type=int, default=1)
    flag("--minutes", type=float, default=40, help="no round begins that would end later")
    flag("--data", type=Path, default=TEXT)
    flag("--peers", type=Path, default=Path(os.environ.get("ATTNCLI_PEERS", BUILD / "peers")))
    flag("--work", type=Path, default=BUILD / "work", help="models, pieces and logs")
    flag("--out", type=Path, default=ROOT / "docs", help="for performance.md and .json")
    return found


def facts(given: argparse.Namespace, done: int) -> list[str]:
    """The command, the machine and the seed, which stand beside the figures."""
    args = shlex.join(sys.argv[1:])
    command = f'make bench ARGS="{args}"' if args else "make bench"
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    head = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return [
        f"Command: `{command}` at {head}, {datetime.now(UTC):%Y-%m-%d}, seed {given.seed}",
        f"Machine: {processor()}, threads: {given.threads}; torch {version('torch')}, "
        f"Python {platform.python_version()}",
        f"Rounds: {done}; {given.updates} updates after {given.warm}; {given.sentences:,} "
        f"sentences in batches, {given.single} one by one",
        "Peers: joeynmt 2.3.0, eole 0.6.4, ctranslate2 4.8.5; all versions in "
        "benchmarks/constraints",
    ]


def main() -> None:
    """Installs, measures, writes."""
    given = parser().parse_args()
    if not given.data.is_dir():
        raise SystemExit(f"benchmarks: {given.data}: no such folder (--data, or set ATTNCLI_DATA)")
    plan = Plan(
        kinds=chosen(given.only, KINDS),
        systems=chosen(given.systems, SYSTEMS),
        configurations=chosen(given.configurations, tuple(TRAINING)),
        text=given.data.resolve(),
        work=given.work.resolve(),
        peers=given.peers.resolve(),
        threads=given.threads,
        seed=given.seed,
        rounds=given.rounds,
        warm=given.warm,
        updates=given.updates,
        sentences=given.sentences,
        single=given.single,
        minutes=given.minutes,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    plan.work.mkdir(parents=True, exist_ok=True)
    for system in plan.systems:
        try:
            install(system, plan.peers)
        except subprocess.CalledProcessError as error:
            say(f"{system} cannot be installed: pip ended with {error.returncode}")
    rounds = Rounds(plan, plan.work / "records.json")
    try:
        sizes = rounds.prepare()
    except MeasureError as error:
        raise SystemExit(f"benchmarks: preparing text failed: {error}") from None
    ratio = sizes["src_pieces"] / sizes["tgt_pieces"]
    works = {name: work(name, int(sizes["vocab"]), ratio) for name in plan.configurations}
    done = rounds.measure()
    told = facts(given, done)
    kept = {"facts": told, "sizes": sizes, "records": rounds.records}
    (given.out / "performance.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    text = page(rounds.records, works, told)
    (given.out / "performance.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
