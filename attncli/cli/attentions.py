"""`attncli attentions`."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Annotated

import typer

WIDTH = 80
INDENT = " " * 6
# What an attention can be made of: each family, and the setting that takes its names.
PARTS = {"normalizer": "model.attention.normalize", "account": "model.attention.account"}


def attentions(
    name: Annotated[
        str | None, typer.Argument(help="Explain this one: a mechanism, a part or a preset.")
    ] = None,
) -> None:
    """List every attention with its equation, cost, paper and options, or explain one."""
    from attncli import registry
    from attncli.errors import UsageError, suggestion
    from attncli.recipe import preset_names

    parts = {part: family for family in PARTS for part in registry.names(family)}
    known_names = [*registry.classes("attention"), *parts, *preset_names()]
    if name is None:
        _list()
    elif name in preset_names():
        _preset(name)
        _settings(name)
    elif name in parts:
        _component(parts[name], name, PARTS[parts[name]], is_long=True)
    elif name in known_names or name.endswith(".py"):
        _mechanism(name, is_long=True)
    else:
        hint = suggestion(name, known_names)
        raise UsageError(f"unknown attention '{name}'{hint} (attncli attentions lists all)")


def _list() -> None:
    from attncli import registry
    from attncli.recipe import preset_names

    print("Mechanisms (--attention NAME; read after the state's update, input feeding).")
    print("Cost is that of one target word, by the equation: S source words, window D.")
    print("A sequential one needs its own last step, and takes one step after another.\n")
    for known in registry.names("attention"):
        _mechanism(known, is_long=False)
    for family, path in PARTS.items():
        print(f"Each {family} (--set {path}=NAME):\n")
        for known in registry.names(family):
            _component(family, known, path, is_long=False)
    print("Presets (a paper's score, wiring and cell; --attention NAME):\n")
    for known in preset_names():
        _preset(known)


def _mechanism(name: str, is_long: bool) -> None:
    from attncli import registry
    from attncli.attention.base import Attention

    kind: type[Attention] = registry.find("attention", name)
    claims = f"Cost: {kind.cost} per step; sequential: {'yes' if kind.sequential else 'no'}"
    _component("attention", name, "model.attention", is_long, claims)


def _component(family: str, name: str, path: str, is_long: bool, claims: str = "") -> None:
    from attncli import registry, schema

    kind = registry.find(family, name)
    said = schema.describe(kind)
    aliases = vars(kind).get("aliases", ())
    heading = vars(kind)["name"] if name in aliases else name
    print(heading + (f"  (also {', '.join(aliases)})" if aliases else ""))
    _wrapped(said.summary)
    _equation(said.equation)
    if is_long:
        _wrapped(said.notes)
    _wrapped(said.paper, first="Paper: ")
    _wrapped(claims)
    for option in schema.options(kind).values():
        default = getattr(option.default, "name", option.default)
        within = f" ({', '.join(registry.names(option.family))})" if option.family in PARTS else ""
        _wrapped(option.text + within, first=f"{path}.{option.name} = {_shown(default)}  ")
    print()


def _preset(name: str) -> None:
    from attncli.recipe import preset

    known = preset(name)
    print(name)
    _wrapped(known.summary)
    _equation(known.equation)
    _wrapped(known.paper, first="Paper: ")
    print()


def _settings(name: str) -> None:
    from attncli.recipe import Recipe

    with_preset = Recipe.read(None, attention=name)
    plain = Recipe.read(None)
    print("It sets:")
    changed = set(with_preset.changed(plain))
    for path, value in with_preset.flat().items():
        if path in changed and path.startswith("model"):
            print(f"  {path} = {_shown(value)}")
    print()
    _mechanism(with_preset.choice("model.attention").name, is_long=True)


def _wrapped(text: str, first: str = "") -> None:
    """A paragraph that begins with `first`, if there is one; no word is cut."""
    for paragraph in filter(None, text.split("\n\n")):
        lines = textwrap.wrap(
            first + " ".join(paragraph.split()),
            WIDTH,
            initial_indent="  ",
            subsequent_indent="    " if first else "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        print("\n".join(lines))


def _equation(text: str) -> None:
    """Equations side by side where they fit, else beneath each other."""
    for line in text.strip("\n").splitlines():
        fits = len(line) + len(INDENT) <= WIDTH
        for part in [line] if fits else re.split(r"(?<=\S) {3,}", line):
            print(INDENT + part)


def _shown(value: object) -> str:
    return json.dumps(value).strip('"')
