"""From what was typed to the recipes and runs that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from attncli.errors import RunError, UsageError
from attncli.recipe import Recipe, packaged
from attncli.run import Run

ALL = "recipes"
CORE = "attention"

Read = Callable[[str | Path], Recipe]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Candidate:
    """One row to be: a recipe, or a run that was named and is taken as it is."""

    name: str
    recipe: Recipe
    run: Run | None = None


def select(words: Sequence[str], read: Read, root: Path, say: Say) -> list[Candidate]:
    """The candidates that the words stand for, in their order, each but once.

    `read` makes a recipe of a file or a name, with the command's flags over it; `root` holds runs.
    Of recipes that these flags make equal it is said which is left out.

    Raises:
        UsageError: fewer than two candidates, or a folder without recipes.
        RecipeError: neither a recipe nor a run.
    """
    found = [one for word in words for one in _meant(word, read, root)]
    unique: dict[tuple[str, Path | None], Candidate] = {}
    for one in found:
        first = unique.setdefault((one.recipe.digest(), one.run.path if one.run else None), one)
        if first.name != one.name:
            say(f"{one.name} is left out: with these flags it is the same as {first.name}")
    chosen = _named_apart(list(unique.values()))
    if len(chosen) < 2:
        raise UsageError(
            f"{' '.join(words)}: only {len(chosen)} to compare; name two recipes or runs, or a "
            "folder of recipes (`attncli compare recipes` takes one for each attention)"
        )
    return chosen


def is_base(path: Path) -> bool:
    """Whether a recipe is what others begin from, and no row of its own."""
    return path.stem == "base" or path.stem.endswith("-base")


def _meant(word: str, read: Read, root: Path) -> Iterator[Candidate]:
    run = _run(word, root)
    if run is not None:
        yield Candidate(run.path.name, run.recipe(), run)
        return
    folder = _folder(word)
    if folder is None:
        recipe = read(word)
        yield Candidate(recipe.name, recipe)
        return
    files = [path for path in sorted(folder.glob("*.yaml")) if not is_base(path)]
    for path in files:
        recipe = read(path)
        yield Candidate(recipe.name, recipe)
    inner = (
        [] if files else [Run(path.parent) for path in sorted(folder.glob("*/environment.json"))]
    )
    for one in inner:
        yield Candidate(one.path.name, one.recipe(), one)
    if not files and not inner:
        within = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_dir()))
        raise UsageError(
            f"{word}: no recipe directly in {folder}" + (f"; it holds {within}" if within else "")
        )


def _run(word: str, root: Path) -> Run | None:
    try:
        return Run.open(word, root)
    except RunError:
        return None


def _folder(word: str) -> Path | None:
    shipped = packaged("recipes")
    inside = word.removeprefix("recipes/")
    places = [Path(word), Path("recipes") / inside, shipped / inside]
    if word == ALL:
        places = [Path(ALL) / CORE, shipped / CORE]
    return next((place for place in places if place.is_dir()), None)


def _named_apart(candidates: list[Candidate]) -> list[Candidate]:
    """The same with a number behind every name that was there before."""
    taken = {one.name for one in candidates}
    seen: set[str] = set()
    apart = []
    for one in candidates:
        name = one.name
        if name in seen:
            numbered = (f"{name}-{number}" for number in count(2))
            name = next(other for other in numbered if other not in taken)
        taken.add(name)
        seen.add(name)
        apart.append(replace(one, name=name))
    return apart


def seeded(recipe: Recipe, seeds: int) -> list[Recipe]:
    """The recipe with its own seed and those that follow it."""
    return [replace(recipe, seed=recipe.seed + number) for number in range(seeds)]
