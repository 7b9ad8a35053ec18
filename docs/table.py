"""Trains a folder of recipes and writes their table: `make table`, `make table-multi30k`.

Each run's resolved recipe, metrics, scores and translations are kept beside the table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from attncli.compare.forecast import forecasts
from attncli.compare.selection import Candidate
from attncli.recipe import Recipe

PACE = "pace.json"
ATTNCLI = [sys.executable, "-m", "attncli"]


def is_kept(recipe: Path, kept: Path, tests: list[str]) -> bool:
    """Whether the figures of this very recipe are there."""
    files = [kept / "recipe.yaml", *(kept / f"{test}.json" for test in tests)]
    if not all(file.exists() for file in files):
        return False
    return Recipe.load_resolved(files[0]).digest() == Recipe.read(recipe).digest()


def train(recipe: Path, runs: Path, out: Path, tests: list[str]) -> None:
    """One run, unless it is there already, and its figures."""
    run, kept = runs / recipe.stem, out / recipe.stem
    threads = ["--threads", "1"]
    with (runs / f"{recipe.stem}.log").open("a") as log:
        if not (run / "finished.json").exists():
            again = ["--resume", str(run)] if run.exists() else [str(recipe)]
            named = [] if run.exists() else ["--run-name", recipe.stem]
            command = [*ATTNCLI, "train", *again, *named, "--runs", str(runs), *threads]
            subprocess.run(command, check=True, stderr=log)
        measured = ["--metrics", "BLEU", "--tokenize", "none", "--json", "--out", str(kept)]
        of_tests = [word for test in tests for word in ("--test", test)]
        command = [*ATTNCLI, "evaluate", "--run", str(run), *of_tests, *measured, *threads]
        subprocess.run(command, check=True, stderr=log, stdout=log)
    for name in ("recipe.yaml", "metrics.jsonl", "environment.json"):
        shutil.copy(run / name, kept / name)
    print(f"{recipe.stem} done", file=sys.stderr, flush=True)


def measure_paces(recipes: list[Path], out: Path) -> None:
    """Each recipe's target tokens a second with one thread, and what its training takes at that.

    Trainings beside each other, or interrupted, say little about it, so this comes after them.
    """
    missing = [recipe for recipe in recipes if not (out / recipe.stem / PACE).exists()]
    candidates = [Candidate(recipe.stem, Recipe.read(recipe)) for recipe in missing]
    for name, found in forecasts(candidates, "cpu", 1):
        if found is not None:
            facts = {"tokens_per_second": found.tokens_per_second, "seconds": found.seconds}
            (out / name / PACE).write_text(json.dumps(facts), encoding="utf-8")


def row(folder: Path, tests: list[str]) -> dict[str, str]:
    """The figures of a run that is kept."""
    found = {name: json.loads((folder / f"{name}.json").read_text()) for name in tests}
    first = found[tests[0]]["alignment"]
    records = [json.loads(line) for line in (folder / "metrics.jsonl").open()]
    last = [record for record in records if "seconds" in record][-1]
    facts = json.loads((folder / "environment.json").read_text())
    recipe: dict[str, Any] = yaml.safe_load((folder / "recipe.yaml").read_text())
    paper, looks = recipe.get("paper"), found[tests[0]].get("attention")
    cells = {"recipe": folder.name}
    cells |= {f"BLEU {name}": f"{found[name]['scores'][0]['value']:.1f}" for name in tests}
    if isinstance(paper, dict) and "figure" in paper:
        cells["published"] = f"{paper['figure']:.1f}"
    if first:
        cells["AER written"] = f"{100 * first['output']['aer']:.1f}%"
        cells["AER read"] = f"{100 * first['input']['aer']:.1f}%"
    if looks:
        cells["entropy"] = f"{looks['mean']['entropy_share']:.0%}"
    if (folder / PACE).exists():
        pace = json.loads((folder / PACE).read_text())
        cells["tokens/s"] = f"{pace['tokens_per_second']:,.0f}"
        cells["minutes"] = f"{pace['seconds'] / 60:.1f}"
    cells["parameters"] = f"{facts['parameters']:,}"
    cells["epochs"] = str(last["epoch"])
    cells["seed"] = str(recipe["seed"])
    return cells


def markdown(rows: list[dict[str, str]]) -> str:
    """The rows as a Markdown table, the best in the last test first; `–` where a cell is empty."""
    most = max(len(cells) for cells in rows)
    names = next(list(cells) for cells in rows if len(cells) == most)
    best = [name for name in names if name.startswith("BLEU")][-1]
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" + " ---: |" * (len(names) - 1)]
    for cells in sorted(rows, key=lambda cells: -float(cells[best])):
        lines.append("| " + " | ".join(cells.get(name, "–") for name in names) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Trains what is missing, then writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", type=Path, nargs="*", help="without any: only the table")
    parser.add_argument("--out", type=Path, required=True, help="what is kept; OUT.md is the table")
    parser.add_argument("--tests", nargs="+", default=["test", "test-long"])
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each")
    parser.add_argument("--missing", action="store_true", help="train only what OUT lacks")
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    recipes = [
        recipe
        for recipe in given.recipes
        if not (given.missing and is_kept(recipe, given.out / recipe.stem, given.tests))
    ]
    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(lambda r: train(r, given.runs, given.out, given.tests), recipes))
    measure_paces(given.recipes, given.out)
    folders = [path.parent for path in sorted(given.out.glob(f"*/{given.tests[0]}.json"))]
    table = markdown([row(folder, given.tests) for folder in folders])
    scores = json.loads((folders[0] / f"{given.tests[0]}.json").read_text())["scores"]
    given.out.with_suffix(".md").write_text(f"{table}\n{scores[0]['signature']}\n")
    print(table)


if __name__ == "__main__":
    main()
