"""Trains every core attention on the embedded corpus and writes docs/table.md: `make table`.

Each run's resolved recipe, metrics, scores and translations are kept in docs/table/NAME.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
RECIPES = HERE.parent / "recipes" / "attention"
ATTNCLI = [sys.executable, "-m", "attncli"]


def train(recipe: Path, runs: Path) -> None:
    """One run, unless it is there already, and its figures."""
    run, out = runs / recipe.stem, HERE / "table" / recipe.stem
    threads = ["--threads", "1"]
    with (runs / f"{recipe.stem}.log").open("a") as log:
        if not (run / "finished.json").exists():
            again = ["--resume", str(run)] if run.exists() else [str(recipe)]
            name = [] if run.exists() else ["--run-name", recipe.stem]
            command = [*ATTNCLI, "train", *again, *name, "--runs", str(runs), *threads]
            subprocess.run(command, check=True, stderr=log)
        measured = ["--metrics", "BLEU", "--tokenize", "none", "--json", "--out", str(out)]
        command = [*ATTNCLI, "evaluate", "--run", str(run), *measured, *threads]
        subprocess.run(command, check=True, stderr=log, stdout=log)
    for name in ("recipe.yaml", "metrics.jsonl", "environment.json"):
        shutil.copy(run / name, out / name)
    print(f"{recipe.stem} done", file=sys.stderr, flush=True)


def rows() -> list[dict[str, str]]:
    """The figures of every run that is kept, best on the long sentences first."""
    found = []
    for folder in sorted(path.parent for path in (HERE / "table").glob("*/test.json")):
        tests = {n: json.loads((folder / f"{n}.json").read_text()) for n in ("test", "test-long")}
        bleu = {name: test["scores"][0] for name, test in tests.items()}
        links = tests["test"]["alignment"]
        records = [json.loads(line) for line in (folder / "metrics.jsonl").open()]
        last = [record for record in records if "seconds" in record][-1]
        facts = json.loads((folder / "environment.json").read_text())
        found.append(
            {
                "attention": folder.name,
                "BLEU test": f"{bleu['test']['value']:.1f}",
                "BLEU test-long": f"{bleu['test-long']['value']:.1f}",
                "AER written": f"{100 * links['output']['aer']:.1f}%" if links else "–",
                "AER read": f"{100 * links['input']['aer']:.1f}%" if links else "–",
                "parameters": f"{facts['parameters']:,}",
                "epochs": str(last["epoch"]),
                "seconds": f"{last['seconds']:.0f}",
            }
        )
    return sorted(found, key=lambda row: -float(row["BLEU test-long"]))


def signature() -> str:
    """How BLEU was computed."""
    first = next((HERE / "table").glob("*/test.json"))
    return str(json.loads(first.read_text())["scores"][0]["signature"])


def markdown(found: list[dict[str, str]]) -> str:
    """The rows as a Markdown table."""
    names = list(found[0])
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" + " ---: |" * (len(names) - 1)]
    lines += ["| " + " | ".join(row.values()) + " |" for row in found]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Trains what is missing, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs/table"))
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each")
    parser.add_argument("--only", nargs="*", default=[], help="names; without it all")
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    chosen = [r for r in sorted(RECIPES.glob("*.yaml")) if not given.only or r.stem in given.only]
    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(lambda recipe: train(recipe, given.runs), chosen))
    table = f"{markdown(rows())}\n{signature()}\n"
    (HERE / "table.md").write_text(table, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
