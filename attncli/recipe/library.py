"""Recipes and presets by name: the user's own ./recipes first, then those that are shipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from attncli.errors import RecipeError, suggestion
from attncli.recipe.file import Setting, read_file, shown


def packaged(kind: str) -> Path:
    """The folder of that kind ("recipes", "data") that comes with the program."""
    here = Path(__file__).parents[1]
    inside = here / f"_{kind}"
    return inside if inside.is_dir() else here.parent / kind


def recipe_folders() -> list[Path]:
    """Where recipes are looked for by name: the user's own ./recipes first."""
    return [Path("recipes"), packaged("recipes")]


def recipe_names() -> list[str]:
    """Every recipe that can be named, presets left out."""
    found = {
        path.relative_to(folder).with_suffix("").as_posix()
        for folder in recipe_folders()
        for path in folder.rglob("*.yaml")
        if "presets" not in path.relative_to(folder).parts
    }
    return sorted(found)


def find_recipe(name: str, near: Path = Path()) -> Path:
    """The file of a recipe: a path (from `near`) or a name within a recipe folder, `.yaml` or not.

    Raises:
        RecipeError: there is none; with the closest name that exists.
    """
    for folder in (near, *recipe_folders()):
        for candidate in (folder / name, folder / f"{name}.yaml"):
            if candidate.is_file():
                return candidate
    known = recipe_names()
    hint = suggestion(Path(name).with_suffix("").as_posix().removeprefix("recipes/"), known)
    shortly = sorted({one if "/" not in one else one.split("/")[0] + "/" for one in known})
    also = "" if hint or not known else f"; there is {', '.join(shortly)}"
    raise RecipeError([f"no recipe '{name}'{hint}{also}"])


def read_chain(path: Path) -> list[Setting]:
    """A recipe file and all that it extends, the lowest layer first.

    Raises:
        RecipeError: a file is missing, wrong, or extends itself.
    """
    layers: list[Setting] = []
    files: list[Path] = []
    following: Path | None = path
    while following is not None:
        files.append(following.resolve())
        layer = read_file(following)
        layers.insert(0, layer.without("extends"))
        above = layer.entries.get("extends")
        if above is None or above.value is None:
            break
        if not isinstance(above.value, str):
            raise RecipeError([f"{above.where}: extends: expected the name of a recipe"])
        try:
            following = find_recipe(above.value, following.parent)
        except RecipeError as error:
            raise RecipeError([f"{above.where}: extends: {error}"]) from None
        if following.resolve() in files:
            circle = " → ".join(shown(file) for file in [*files, following.resolve()])
            raise RecipeError([f"{above.where}: extends: goes in a circle: {circle}"])
    return layers


@dataclass(frozen=True)
class Preset:
    """A paper's model by name: a fragment of a recipe, and where it comes from."""

    name: str
    summary: str
    paper: str
    equation: str
    fragment: Setting


def _preset_files() -> Iterator[Path]:
    for folder in recipe_folders():
        yield from sorted((folder / "presets").glob("*.yaml"))


def preset_names() -> list[str]:
    """The presets that exist, in the order of the alphabet."""
    return sorted({path.stem for path in _preset_files()})


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        RecipeError: there is none, or its file is wrong.
    """
    for path in _preset_files():
        if path.stem == name:
            break
    else:
        raise RecipeError([f"no preset '{name}'{suggestion(name, preset_names())}"])
    found = read_file(path)
    keys = ("summary", "paper", "equation", "set")
    problems = [
        f"{entry.where}: {key}: a preset has only {', '.join(keys)}"
        for key, entry in found.entries.items()
        if key not in keys
    ]
    if "set" not in found.entries or not found.entries["set"].entries:
        problems.append(f"{shown(path)}: a preset needs settings under `set:`")
    if problems:
        raise RecipeError(problems)
    texts = {key: entry.written.strip() for key, entry in found.entries.items()}
    return Preset(
        name,
        texts.get("summary", ""),
        texts.get("paper", ""),
        texts.get("equation", ""),
        found.entries["set"],
    )


def with_presets(layers: list[Setting]) -> list[Setting]:
    """Puts each preset that a layer names as its attention directly beneath that layer."""
    found: list[Setting] = []
    known = preset_names()
    for layer in layers:
        model = layer.entries.get("model", layer)
        attention = model.entries.get("attention", layer)
        name = attention.entries.get("name", attention).written
        if model is not layer and name in known:
            found.append(preset(name).fragment)
            rest = model.without("attention")
            if attention.entries:
                rest = replace(rest, value={**rest.entries, "attention": attention.without("name")})
            layer = replace(layer, value={**layer.entries, "model": rest})
        found.append(layer)
    return found
