"""Names and the classes behind them; a constructor's keyword-only arguments are its options.

A family is a package or module that holds classes with a `name`; their base class says which
`family` they are of. It is scanned when first asked,
so that a new file in the folder is a new component without any other edit.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType, NoneType, UnionType

from attncli.errors import UsageError, suggestion

FAMILIES = {
    "attention": "attncli.attention",
    "normalizer": "attncli.attention.normalizers",
    "model": "attncli.models",
    "wiring": "attncli.models.wiring",
    "cell": "attncli.models.cells",
    "readout": "attncli.models.readout",
    "bridge": "attncli.models.bridge",
    "positions": "attncli.models.positions",
    "output": "attncli.models.output",
    "optimizer": "attncli.optimizers",
    "schedule": "attncli.schedules",
}


@dataclass(frozen=True)
class Range:
    """The values a number may take, both ends included; None leaves an end open."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.high is None:
            return f"at least {self.low:g}"
        if self.low is None:
            return f"at most {self.high:g}"
        return f"from {self.low:g} to {self.high:g}"


Probability = typing.Annotated[float, Range(0, 1)]
Share = typing.Annotated[float, Range(0, 0.99)]
Positive = typing.Annotated[int, Range(1)]
Count = typing.Annotated[int, Range(0)]


@dataclass(frozen=True)
class Choice:
    """A component by name, with the options that were set for it; `build` makes it."""

    family: str
    name: str
    options: Mapping[str, object] = field(default_factory=dict)

    def build(self, *known: object) -> typing.Any:
        """The component, from what the program knows (sizes) and what was chosen (options)."""
        return find(self.family, self.name)(*known, **self.options)

    def plain(self) -> dict[str, object]:
        """The choice as a mapping fit for YAML: its name first, then every option."""
        chosen: dict[str, object] = {"name": self.name}
        for key, value in self.options.items():
            chosen[key] = value.plain() if isinstance(value, Choice) else value
        return chosen


@dataclass(frozen=True)
class Option:
    """One keyword-only argument of a constructor, as a recipe may set it."""

    name: str
    default: object
    kinds: tuple[type, ...]
    allowed: tuple[object, ...]
    bounds: Range | None
    family: str | None
    item: type | None
    text: str

    def check(self, value: object) -> object:
        """`value` as this option's type.

        Raises:
            ValueError: says what was expected, without the option's name.
        """
        if value is None and NoneType in self.kinds:
            return None
        if self.allowed:
            if value in self.allowed and not isinstance(value, bool):
                return value
            close = suggestion(str(value), map(str, self.allowed))
            raise ValueError(f"{value!r} is not one of {', '.join(map(str, self.allowed))}{close}")
        if self.item is not None and isinstance(value, (list, tuple)):
            return [self._scalar(entry, (self.item,)) for entry in value]
        return self._scalar(value, self.kinds)

    def _scalar(self, value: object, kinds: tuple[type, ...]) -> object:
        if float in kinds and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        exact = type(value) in kinds
        if not exact:
            raise ValueError(f"expected {self.expects()}, not {value!r}")
        if self.bounds is not None and not self.bounds.holds(float(typing.cast(float, value))):
            raise ValueError(f"{value!r} is out of range: {self.bounds}")
        return value

    def expects(self) -> str:
        """What may be set here, in words."""
        words = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        if self.family:
            return f"one of the {self.family} names"
        if self.allowed:
            return "one of " + ", ".join(map(str, self.allowed))
        parts = [words[kind] for kind in self.kinds if kind in words]
        if self.item is not None:
            parts.append(f"a list, each {words[self.item]}")
        if NoneType in self.kinds:
            parts.append("null")
        return " or ".join(parts) + (f" ({self.bounds})" if self.bounds else "")


@dataclass(frozen=True)
class Description:
    """What a class says of itself in its docstring and module."""

    summary: str
    equation: str
    notes: str
    options: Mapping[str, str]
    paper: str


def options(component: Callable[..., object]) -> dict[str, Option]:
    """The options of a component: its constructor's keyword-only arguments, in order."""
    signature = inspect.signature(component)
    constructor = component.__init__ if inspect.isclass(component) else component
    hints = typing.get_type_hints(constructor, include_extras=True)
    texts: dict[str, str] = {}
    for ancestor in reversed(component.__mro__ if inspect.isclass(component) else [component]):
        texts.update(describe(ancestor).options)
    return {
        name: _option(name, parameter.default, hints[name], texts.get(name, ""))
        for name, parameter in signature.parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _option(name: str, default: object, hint: object, text: str) -> Option:
    bounds, family = None, None
    kinds: list[type] = []
    allowed: list[object] = []
    item = None
    pending = [hint]
    while pending:
        part = pending.pop(0)
        origin = typing.get_origin(part)
        if origin is typing.Annotated:
            inner, *notes = typing.get_args(part)
            bounds = next((note for note in notes if isinstance(note, Range)), bounds)
            family = next((note for note in notes if isinstance(note, str)), family)
            pending.append(inner)
        elif origin in (typing.Union, UnionType):
            pending.extend(typing.get_args(part))
        elif origin is typing.Literal:
            allowed.extend(typing.get_args(part))
        elif origin is list:
            item = typing.get_args(part)[0]
        else:
            kinds.append(typing.cast(type, part))
    return Option(name, default, tuple(kinds), tuple(allowed), bounds, family, item, text)


def describe(component: Callable[..., object]) -> Description:
    """Reads a class docstring: first line, indented equation, notes, and an `Options:` block."""
    text = inspect.cleandoc(component.__doc__ or "")
    body, _, listed = text.partition("\nOptions:\n")
    summary, _, rest = body.partition("\n")
    if not listed and not rest.rstrip().endswith("."):
        rest = textwrap.indent(rest, "    ")  # an equation alone has lost its indentation
    equation = "\n".join(re.findall(r"^ {4}.*$", rest, flags=re.MULTILINE))
    notes = re.sub(r"^ {4}.*\n?", "", rest, flags=re.MULTILINE).strip()
    found: dict[str, str] = {}
    entries = textwrap.dedent(listed)
    for match in re.finditer(r"^(\w+): (.*(?:\n[ ]+.*)*)", entries, flags=re.MULTILINE):
        found[match[1]] = " ".join(match[2].split())
    module = inspect.cleandoc(sys.modules[component.__module__].__doc__ or "")
    return Description(
        summary, textwrap.dedent(equation), notes, found, module.partition("\n\n")[0]
    )


@cache
def classes(family: str) -> Mapping[str, type]:
    """Every named class of a family, by name and by alias, found by scanning its folder."""
    root = importlib.import_module(FAMILIES[family])
    modules = [root]
    for entry in pkgutil.iter_modules(getattr(root, "__path__", [])):
        modules.append(importlib.import_module(f"{root.__name__}.{entry.name}"))
    return _named(modules, family)


def _named(modules: list[ModuleType], family: str) -> dict[str, type]:
    found: dict[str, type] = {}
    for module in modules:
        for value in vars(module).values():
            is_local = inspect.isclass(value) and value.__module__ == module.__name__
            if not is_local or getattr(value, "family", None) != family:
                continue
            for name in (vars(value).get("name"), *vars(value).get("aliases", ())):
                if isinstance(name, str):
                    found[name] = value
    return found


def names(family: str) -> list[str]:
    """The names of a family, aliases left out, in the order of the alphabet."""
    return sorted(name for name, found in classes(family).items() if vars(found)["name"] == name)


def find(family: str, name: str) -> type:
    """The class of that name; a path to a .py file loads the one class of the family in it.

    Raises:
        UsageError: no such name, with the closest one that exists.
    """
    if name.endswith(".py"):
        return _from_file(family, Path(name))
    known = classes(family)
    if name not in known:
        hint = suggestion(name, known)
        lists = " (attncli attentions lists all)" if family == "attention" else ""
        also = "" if hint or lists else f"; there is {', '.join(names(family))}"
        raise UsageError(f"unknown {family} '{name}'{hint}{lists}{also}")
    return known[name]


@cache
def _from_file(family: str, path: Path) -> type:
    spec = importlib.util.spec_from_file_location(f"attncli_user_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"{path}: no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = set(_named([module], family).values())
    if len(found) != 1:
        raise UsageError(f"{path}: holds {len(found)} classes with a `name`; one is expected")
    return found.pop()
