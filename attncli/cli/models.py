"""From the flags of a verb to trained models and a search."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attncli.experiment import Loaded
    from attncli.search import Search


def say(line: str) -> None:
    """A remark on stderr, which stays out of pipes."""
    print(line, file=sys.stderr, flush=True)


def figure(value: float | None, digits: int) -> str:
    """A number with so many decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def open_models(
    names: list[str] | None, root: Path, state: str, device: str, threads: int
) -> list[Loaded]:
    """The models of the named runs; without a name the newest run's, which is said."""
    from attncli import machine
    from attncli.experiment import load
    from attncli.run import Run

    place = machine.prepare(device, threads)
    if names:
        runs = [Run.open(name, root) for name in names]
    else:
        runs = [Run.newest(root)]
        say(f"run {runs[0].path} (the newest; --run names another)")
    return [load(run, state, place) for run in runs]


def search_of(loaded: Loaded, sets: list[str] | None, flags: Mapping[str, object]) -> Search:
    """The run's own search, changed by `--set search.…` and by short flags that are not None.

    A beam that is wider than asked for is said.

    Raises:
        RecipeError: no such setting.
    """
    from attncli.errors import UsageError
    from attncli.recipe import Recipe

    given = {
        "--" + name.replace("_", "-"): (f"search.{name}", str(value).lower())
        for name, value in flags.items()
        if value is not None
    }
    for text in sets or []:
        if not text.strip().startswith("search."):
            raise UsageError(
                f"--set {text}: only the search of a trained run can be set (search.beam, …)"
            )
    recipe = Recipe.read(loaded.run.recipe_file, flags=given, sets=sets or [])
    search: Search = recipe.build("search")
    if search.beam != (asked := recipe.value("search.beam")):
        say(f"a beam of {search.beam}, not {asked}: {search.n_best} translations need as many")
    return search
