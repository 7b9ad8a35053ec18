"""What a recipe may set of a component: its constructor's keyword-only arguments, described.

Types, defaults and bounds are read from the signature, the words from the docstring.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType

from attncli.errors import suggestion
from attncli.registry import Range


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
    entry: type | None = None  # of a mapping: what stands behind each name

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
        if self.entry is not None:
            return "settings of its own, a name and a value each"
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
    item = entry = None
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
        elif origin is Mapping:
            entry = typing.get_args(part)[1]
        else:
            kinds.append(typing.cast(type, part))
    return Option(name, default, tuple(kinds), tuple(allowed), bounds, family, item, text, entry)


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
