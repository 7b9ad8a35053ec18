"""A recipe is one whole experiment: every option of every part, resolved and checked.

Layers merge in this order: the constructors' defaults, the files that are extended, the file, the
flags, and each `--set`. A preset lies directly beneath the layer that names it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from attncli import registry, schema
from attncli.errors import RecipeError, UsageError, suggestion
from attncli.recipe.check import Checker
from attncli.recipe.file import Setting, parse, read_file, scalar
from attncli.recipe.library import find_recipe, read_chain, with_presets
from attncli.recipe.scales import LAPTOP, with_scale
from attncli.recipe.write import RecipeDumper, fingerprint, flattened, merged, plain, with_copies
from attncli.registry import Choice, Range
from attncli.schema import Option

SECTIONS: dict[str, str | Choice] = {
    "data": "attncli.text.corpus:Data",
    "preprocess": "attncli.text.preprocess:Preprocess",
    "subword": "attncli.text.subword:Subword",
    "batch": "attncli.text.batch:Batches",
    "model": Choice("model", "recurrent"),
    "objective": "attncli.objective:Objective",
    "train": "attncli.train.trainer:Trainer",
    "search": "attncli.search:Search",
}
FREE = ("name", "seed", "paper")
NAME = Option("name", "base", (str,), (), None, None, None, "")
SEED = Option("seed", 1, (int,), (), Range(0, 2**31 - 1), None, None, "")


def section_class(section: str) -> type:
    """The class that a section configures, imported when asked for."""
    target = SECTIONS[section]
    if isinstance(target, Choice):
        return registry.find(target.family, target.name)
    module, _, name = target.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


@dataclass(frozen=True)
class Recipe:
    """One experiment. `sections` holds a Choice for a component, else a mapping of all options."""

    name: str
    seed: int
    paper: object
    sections: Mapping[str, Choice | Mapping[str, object]]

    @classmethod
    def read(
        cls,
        path: str | Path | None = None,
        *,
        attention: str | None = None,
        score: str | None = None,
        flags: Mapping[str, tuple[str, str]] | None = None,
        sets: Sequence[str] = (),
        scale: str = LAPTOP,
    ) -> Recipe:
        """A recipe from a file (or its name; None is `base`), with flags and `--set` over it.

        `scale` chooses among the sets of sizes that the recipe's files carry under `scales:`.

        `flags` maps a flag to the setting it stands for and its text:
        {"--seed": ("seed", "3")}. Order: attention, score, flags, sets.

        Raises:
            RecipeError: all that is wrong, each with its file and line, or its flag.
        """
        files = read_chain(find_recipe(str(path or "base")))
        typed = {"--attention": ("model.attention", attention)}
        typed["--score"] = ("model.attention.score", score)
        typed.update(flags or {})
        over = [
            _nested(dotted, Setting(scalar(text), f"{flag} {text}", text))
            for flag, (dotted, text) in typed.items()
            if text is not None
        ]
        problems: list[str] = []
        for text in sets:
            try:
                over.append(_from_set(text))
            except RecipeError as error:
                problems += error.problems
        layers = [layer.entries for layer in with_presets([*with_scale(files, scale), *over])]
        names = [layer.entries["name"].written for layer in over if "name" in layer.entries]
        own = files[-1].entries.get("name")
        stem = own.written if own else Path(path or "").stem
        called = "-".join(filter(None, [stem, Path(attention or "").stem]))
        return cls._resolve(layers, names[-1] if names else called or "base", problems)

    @classmethod
    def has_scale(cls, path: str | Path | None, scale: str) -> bool:
        """Whether a recipe's files carry sizes of this scale."""
        files = read_chain(find_recipe(str(path or "base")))
        carried = [layer.entries["scales"] for layer in files if "scales" in layer.entries]
        return any(scale in scales.entries for scales in carried)

    @classmethod
    def load_resolved(cls, path: Path) -> Recipe:
        """The recipe that `dump` wrote: nothing is extended, no name is a preset.

        Raises:
            RecipeError: the file is missing or no longer fits the program.
        """
        entries = read_file(path).entries
        name = entries["name"].written if "name" in entries else path.parent.name
        return cls._resolve([entries], name, [])

    @classmethod
    def _resolve(cls, layers: list[dict[str, Setting]], name: str, problems: list[str]) -> Recipe:
        checker = Checker()
        checker.problems += problems
        for layer in layers:
            for key, setting in layer.items():
                if key not in SECTIONS and key not in FREE:
                    checker.report(setting, key, f"no such section{_nearest(key)}")
        sections = {key: _section(key, layers, checker) for key in SECTIONS}
        seeds = [checker.value(SEED, layer["seed"], "seed") for layer in layers if "seed" in layer]
        for layer in layers:
            if "name" in layer:
                checker.value(NAME, layer["name"], "name")
        papers = [layer["paper"].plain() for layer in layers if "paper" in layer]
        if checker.problems:
            raise RecipeError(dict.fromkeys(checker.problems))
        resolved = typing.cast(Mapping[str, Choice | Mapping[str, object]], sections)
        seed = typing.cast(int, seeds[-1] if seeds else SEED.default)
        return cls(name, seed, merged(papers), resolved)

    def choice(self, dotted: str) -> Choice:
        """The component chosen there, such as "model" or "train.optimizer".

        Raises:
            UsageError: no component stands there.
        """
        found: object = self.sections
        for key in dotted.split("."):
            inside = found.options if isinstance(found, Choice) else found
            found = inside.get(key) if isinstance(inside, Mapping) else None
        if not isinstance(found, Choice):
            raise UsageError(f"{dotted}: no component is set there")
        return found

    def build(self, section: str, *known: object) -> typing.Any:
        """The section's class made from what the program knows and from the section's options."""
        chosen = self.sections[section]
        if isinstance(chosen, Choice):
            return chosen.build(*known)
        return section_class(section)(*known, **chosen)

    def value(self, dotted: str) -> object:
        """One resolved setting, such as "train.epochs".

        Raises:
            UsageError: no such setting, with the closest one.
        """
        flat = self.flat()
        if dotted not in flat:
            raise UsageError(f"{dotted}: no such setting{suggestion(dotted, flat)}")
        return flat[dotted]

    def plain(self) -> dict[str, object]:
        """Everything as data for YAML, every default filled in."""
        found: dict[str, object] = {"name": self.name, "seed": self.seed}
        if self.paper is not None:
            found["paper"] = self.paper
        for key, chosen in self.sections.items():
            found[key] = plain(chosen)
        return found

    def flat(self) -> dict[str, object]:
        """Dotted name → value. A component's file is named by its content, wherever it lies."""
        return {
            key: fingerprint(value) if key.endswith(".name") else value
            for key, value in flattened(self.plain())
        }

    def changed(self, other: Recipe) -> list[str]:
        """The dotted names of all settings that differ, or that only one of the two has."""
        mine, theirs = self.flat(), other.flat()
        return [
            key
            for key in dict.fromkeys([*mine, *theirs])
            if (key in mine) != (key in theirs) or mine[key] != theirs[key]
        ]

    def digest(self) -> str:
        """A short hash of all that decides the result: equal for equal experiments."""
        decisive = {
            key: value
            for key, value in self.flat().items()
            if key != "name" and key.partition(".")[0] != "paper"
        }
        text = json.dumps(decisive, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def dump(self, path: Path) -> None:
        """Writes the resolved recipe, and beside it a copy of every component file it names."""
        held = with_copies(self.plain(), path.parent)
        text = yaml.dump(
            held, Dumper=RecipeDumper, sort_keys=False, allow_unicode=True, default_flow_style=False
        )
        path.write_text(text, encoding="utf-8")


def _nested(dotted: str, setting: Setting) -> Setting:
    """The layer that sets just this: a.b.c → {a: {b: {c: setting}}}."""
    for key in reversed(dotted.split(".")):
        setting = Setting({key: setting}, setting.where)
    return setting


def _from_set(text: str) -> Setting:
    dotted, equals, value = text.partition("=")
    where = f"--set {text}"
    if not equals or not all(dotted.strip().split(".")):
        raise RecipeError([f"{where}: expected section.setting=value, such as train.epochs=5"])
    given = value.strip()
    is_yaml = given.startswith(("[", "{", "'", '"'))
    setting = parse(given, lambda line: where) if is_yaml else Setting(scalar(given), where, given)
    return _nested(dotted.strip(), setting)


def _section(
    key: str, layers: list[dict[str, Setting]], checker: Checker
) -> Choice | Mapping[str, object] | None:
    target = SECTIONS[key]
    given = [layer[key] for layer in layers if key in layer]
    if isinstance(target, Choice):
        return checker.component(
            Option(key, target, (Choice,), (), None, target.family, None, ""), given, key
        )
    for setting in given:
        if not isinstance(setting.value, dict) and setting.value is not None:
            checker.report(setting, key, "expected settings of its own, such as a line below it")
    return checker.options(section_class(key), [setting.entries for setting in given], key)


def _nearest(key: str) -> str:
    """Points to the section of that name, or to the section that has such a setting."""
    for section, target in SECTIONS.items():
        if key in schema.options(section_class(section)) and not isinstance(target, Choice):
            return f"; did you mean '{section}.{key}'?"
    known = [*SECTIONS, *FREE, "scales", "extends"]
    return suggestion(key, known) or f" (there is {', '.join(known)})"
