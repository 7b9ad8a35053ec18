"""Names and the classes behind them; a constructor's keyword-only arguments are its options.

A family is a package or module that holds classes with a `name`; their base class says which
`family` they are of. It is scanned when first asked, so that a new file in the folder is a new
component without any other edit. What a recipe may set of a component is in `schema`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from attncli.errors import AttnError, UsageError, suggestion

FAMILIES = {
    "attention": "attncli.attention",
    "normalizer": "attncli.attention.normalizers",
    "account": "attncli.attention.accounts",
    "model": "attncli.models",
    "wiring": "attncli.models.wiring",
    "cell": "attncli.models.cells",
    "readout": "attncli.models.readout",
    "vectors": "attncli.models.embedding",
    "context": "attncli.models.context",
    "bridge": "attncli.models.bridge",
    "intra": "attncli.models.intra",
    "positions": "attncli.models.positions",
    "output": "attncli.models",
    "estimator": "attncli.estimators",
    "baseline": "attncli.estimators.baselines",
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
AtLeastZero = typing.Annotated[float, Range(0)]


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
                if name in found:
                    raise AttnError(
                        f"two classes of family '{family}' are named '{name}': "
                        f"{_place(found[name])} and {_place(value)}; rename one"
                    )
                if isinstance(name, str):
                    found[name] = value
    return found


def _place(component: type) -> str:
    return f"{component.__module__}.{component.__qualname__}"


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
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise UsageError(f"{path}: cannot be read by Python: {error}") from error
    found = set(_named([module], family).values())
    if len(found) != 1:
        raise UsageError(f"{path}: holds {len(found)} classes with a `name`; one is expected")
    return found.pop()
