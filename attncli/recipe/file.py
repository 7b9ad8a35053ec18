"""YAML read with the place of every setting, and numbers read as a person means them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from yaml.composer import ComposerError

from attncli.errors import RecipeError
from attncli.registry import Choice

Scalar = int | float | bool | str | None
NULLS = {"", "~", "null", "Null", "NULL"}
TRUE = {"true", "True", "TRUE"}
FALSE = {"false", "False", "FALSE"}
TAGS = {"bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value"}


@dataclass(frozen=True)
class Setting:
    """A value that somebody wrote: what it is, the place of it, and the very characters."""

    value: Scalar | list[Setting] | dict[str, Setting]
    where: str
    written: str = ""
    folder: Path = Path()

    @property
    def entries(self) -> dict[str, Setting]:
        """What a mapping holds; nothing where this is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def without(self, key: str) -> Setting:
        """The mapping less one key."""
        return replace(self, value={k: v for k, v in self.entries.items() if k != key})

    def plain(self) -> object:
        """The value as YAML data."""
        if isinstance(self.value, dict):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain() for entry in self.value]
        return self.value


def wrap(value: object, where: str) -> Setting:
    """Data of the program as if somebody had written it at `where`."""
    if isinstance(value, Choice):
        return wrap(value.plain(), where)
    if isinstance(value, Mapping):
        return Setting({str(key): wrap(entry, where) for key, entry in value.items()}, where)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Setting([wrap(entry, where) for entry in value], where)
    if value is None or isinstance(value, (bool, int, float, str)):
        return Setting(value, where, "null" if value is None else str(value))
    raise TypeError(f"{where}: {value!r} does not fit into a recipe")


def scalar(text: str) -> Scalar:
    """Plain text as a person means it: 1e-4 and 1_000 are numbers; on, off, yes, no are words."""
    if text in NULLS:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if re.fullmatch(r"[-+]?\.?[0-9][0-9_.eE+-]*", text):
        for kind in (int, float):
            try:
                number = kind(text)
            except ValueError:
                continue
            return number if math.isfinite(number) else text
    return text


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            problem = "aliases are not read here; use `extends`"
            raise ComposerError(None, None, problem, self.get_mark())
        return super().compose_node(parent, index)


def parse(text: str, place: Callable[[int], str], folder: Path = Path()) -> Setting:
    """YAML as a tree of settings; `place` says where a line (from 1) is.

    Raises:
        RecipeError: not YAML, a key given twice, a tag, an alias.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RecipeError([f"{place(line)}: not YAML: {error.problem}"]) from None
    except yaml.YAMLError as error:
        raise RecipeError([f"{place(1)}: not YAML: {' '.join(str(error).split())}"]) from None
    problems: list[str] = []
    found = Setting(None, place(1)) if root is None else _tree(root, place, folder, problems)
    if problems:
        raise RecipeError(problems)
    return found


def _tree(
    node: yaml.Node, place: Callable[[int], str], folder: Path, problems: list[str]
) -> Setting:
    where = place(node.start_mark.line + 1)
    if node.tag.removeprefix("tag:yaml.org,2002:") not in TAGS:
        problems.append(f"{where}: the tag {node.tag} is not read here")
    if isinstance(node, yaml.SequenceNode):
        items = [_tree(entry, place, folder, problems) for entry in node.value]
        return Setting(items, where, "", folder)
    if isinstance(node, yaml.ScalarNode):
        text = str(node.value)
        return Setting(scalar(text) if node.style is None else text, where, text, folder)
    entries: dict[str, Setting] = {}
    for key, value in node.value:
        at = place(key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            problems.append(f"{at}: a setting's name must be one word")
        elif key.value in entries:
            problems.append(
                f"{at}: '{key.value}' is given twice, first at {entries[key.value].where}"
            )
        else:
            entries[key.value] = replace(_tree(value, place, folder, problems), where=at)
    return Setting(entries, where, "", folder)


def shown(path: Path) -> str:
    """A path as a person would type it from here."""
    full = path.absolute()
    return str(full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else path)


def read_file(path: Path) -> Setting:
    """The mapping that a YAML file holds.

    Raises:
        RecipeError: unreadable, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError([f"{shown(path)}: cannot be read: {error}"]) from None
    found = parse(text, lambda line: f"{shown(path)}:{line}", path.absolute().parent)
    if found.value is None:
        return Setting({}, found.where)
    if not isinstance(found.value, dict):
        raise RecipeError(
            [f"{found.where}: expected sections such as `model:`, not {found.written!r}"]
        )
    return found
