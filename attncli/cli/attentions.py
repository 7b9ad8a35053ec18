"""`attncli attentions`."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def attentions(
    name: Annotated[
        str | None, typer.Argument(help="Explain this one, a mechanism or a preset.")
    ] = None,
) -> None:
    """List every attention with its equation, paper and options, or explain one."""
    from attncli import registry
    from attncli.errors import UsageError, suggestion
    from attncli.recipe import preset_names

    known_names = [*registry.classes("attention"), *preset_names()]
    if name is None:
        print("Mechanisms (--attention NAME; read after the state's update, with input feeding):\n")
        for known in registry.names("attention"):
            _mechanism(known, is_long=False)
        print("Presets (a paper's score, wiring and cell; --attention NAME):\n")
        for known in preset_names():
            _preset(known)
    elif name in preset_names():
        _preset(name)
        _settings(name)
    elif name in known_names or name.endswith(".py"):
        _mechanism(name, is_long=True)
    else:
        hint = suggestion(name, known_names)
        raise UsageError(f"unknown attention '{name}'{hint} (attncli attentions lists all)")


def _mechanism(name: str, is_long: bool) -> None:
    from attncli import registry, schema

    kind = registry.find("attention", name)
    said = schema.describe(kind)
    aliases = vars(kind).get("aliases", ())
    print(name + (f"  (also {', '.join(aliases)})" if aliases else ""))
    print(f"  {said.summary}")
    for line in said.equation.splitlines():
        print(f"      {line}")
    if is_long:
        for line in said.notes.splitlines():
            print(f"  {line}")
    print(f"  Paper: {' '.join(said.paper.split())}")
    for option in schema.options(kind).values():
        default = getattr(option.default, "name", option.default)
        print(f"  model.attention.{option.name} = {_shown(default)}  {option.text}")
    print()


def _preset(name: str) -> None:
    from attncli.recipe import preset

    known = preset(name)
    print(name)
    print(f"  {known.summary}")
    for line in known.equation.strip().splitlines():
        print(f"      {line}")
    print(f"  Paper: {known.paper}")
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


def _shown(value: object) -> str:
    return json.dumps(value).strip('"')
