"""The sets of sizes that a recipe carries as data: minutes on a laptop, or the paper's own."""

from __future__ import annotations

from attncli.errors import RecipeError
from attncli.recipe.file import Setting

LAPTOP = "laptop"
SCALES = (LAPTOP, "paper")


def with_scale(layers: list[Setting], scale: str) -> list[Setting]:
    """Puts the sizes that each file carries for this scale directly over that file.

    Raises:
        RecipeError: a scale that does not exist.
    """
    if scale not in SCALES:
        raise RecipeError([f"no scale '{scale}'; there is {' and '.join(SCALES)}"])
    found: list[Setting] = []
    for layer in layers:
        scales = layer.entries.get("scales", layer)
        if scales is layer:
            found.append(layer)
            continue
        problems = [
            f"{entry.where}: scales.{key}: there is {' and '.join(SCALES)}"
            for key, entry in scales.entries.items()
            if key not in SCALES
        ]
        wanted = {"scales": scales} | {f"scales.{key}": one for key, one in scales.entries.items()}
        problems += [
            f"{entry.where}: {key}: expected settings of its own, such as a line below it"
            for key, entry in wanted.items()
            if not isinstance(entry.value, dict) and entry.value is not None
        ]
        if problems:
            raise RecipeError(problems)
        found.append(layer.without("scales"))
        if scale in scales.entries:
            found.append(scales.entries[scale])
    return found
