"""Layers of settings merged into options, each checked against the constructor that will get it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import NoneType

from attncli import registry, schema
from attncli.errors import UsageError, suggestion
from attncli.recipe.file import Setting, wrap
from attncli.recipe.library import preset_names
from attncli.registry import Choice
from attncli.schema import Option

Layer = Mapping[str, Setting]
SWITCHES = {"on": True, "yes": True, "off": False, "no": False}


class Checker:
    """Merges and checks; what is wrong is collected in `problems`, a line each."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def options(
        self, component: type, layers: list[Layer], path: str, owner: str = ""
    ) -> dict[str, object]:
        """Every option of a class: the last layer's value, else the constructor's default."""
        known = schema.options(component)
        for layer in layers:
            for key, setting in layer.items():
                if key not in known:
                    hint = suggestion(key, known) or suggestion_within(key, known)
                    what = f"{owner} has no '{key}'" if owner else "no such setting"
                    there = (
                        f" (there is {', '.join(known)})" if known else ", nor any other setting"
                    )
                    self.report(setting, f"{path}.{key}", f"{what}{hint or there}")
        merged: dict[str, object] = {}
        for name, option in known.items():
            given = [layer[name] for layer in layers if name in layer]
            at = f"{path}.{name}"
            if option.family is not None:
                merged[name] = self.component(option, given, at)
            elif option.entry is not None:
                merged[name] = self.mapping(option, given, at)
            else:
                values = [self.value(option, setting, at) for setting in given]
                merged[name] = values[-1] if values else option.default
        return merged

    def value(self, option: Option, setting: Setting, path: str) -> object:
        """One value as its option wants it; the option's default where it is wrong."""
        if isinstance(setting.value, dict):
            self.report(setting, path, f"expected {option.expects()}, not settings of its own")
            return option.default
        try:
            return option.check(meant(option, setting))
        except ValueError as error:
            self.report(setting, path, str(error))
            return option.default

    def mapping(self, option: Option, layers: list[Setting], path: str) -> dict[str, object]:
        """Every name that a layer gives, with the last layer's value for it."""
        each = replace(option, kinds=(option.entry or str,), entry=None)
        merged: dict[str, object] = {}
        for setting in layers:
            if not isinstance(setting.value, dict):
                self.report(setting, path, f"expected {option.expects()}")
            for name, value in setting.entries.items():
                merged[name] = self.value(each, value, f"{path}.{name}")
        return merged

    def component(self, option: Option, layers: list[Setting], path: str) -> Choice | None:
        """The component that the layers choose together.

        A layer that gives another name than the ones below drops the options set for those;
        a layer that gives the same name, or none, adds to them.
        """
        family = option.family or ""
        name: str | None = None
        kept: list[Layer] = []
        below = [] if option.default is None else [wrap(option.default, "the default")]
        for setting in [*below, *layers]:
            if setting.value is None and NoneType in option.kinds:
                self._dropped(family, name, kept, path)
                name, kept = None, []
                continue
            given = setting.entries.get("name", setting)
            if given.value is None or isinstance(given.value, list):
                self.report(given, path, f"expected {option.expects()}")
                continue
            if given.written:
                try:
                    chosen = canonical(family, given)
                except UsageError as error:
                    self.report(given, path, str(error))
                    return None
                if chosen != name:
                    self._dropped(family, name, kept, path)
                    name, kept = chosen, []
            kept.append(setting.without("name").entries)
        if name is None:
            for layer in kept:
                for key, setting in layer.items():
                    self.report(setting, f"{path}.{key}", f"{path} has no name yet")
            return None
        found = registry.find(family, name)
        return Choice(family, name, self.options(found, kept, path, Path(name).name))

    def _dropped(self, family: str, name: str | None, kept: list[Layer], path: str) -> None:
        """Settings of a component that another one replaces must be right all the same."""
        if name is not None and any(kept):
            self.options(registry.find(family, name), kept, path, Path(name).name)

    def report(self, setting: Setting, path: str, what: str) -> None:
        """Notes one problem, with its place."""
        self.problems.append(f"{setting.where}: {path}: {what}")


def canonical(family: str, given: Setting) -> str:
    """The class's own name for a name or an alias; a file of the user's own as a full path.

    Raises:
        UsageError: no such component.
    """
    if given.written.endswith(".py"):
        path = given.folder / given.written
        name = str(path.resolve()) if path.is_file() else given.written
        registry.find(family, name)
        return name
    if family == "attention" and given.written not in registry.classes(family):
        hint = suggestion(given.written, [*registry.classes(family), *preset_names()])
        what = f"unknown attention '{given.written}'{hint} (attncli attentions lists all)"
        raise UsageError(what)
    return str(vars(registry.find(family, given.written))["name"])


def meant(option: Option, setting: Setting) -> object:
    """The value as this option reads it: `no` is a language, or a switch; 4e3 a whole number."""
    value = setting.value
    if isinstance(value, list):
        if option.item is None:
            return setting.plain()
        entry = replace(option, kinds=(option.item,), item=None)
        return [meant(entry, one) for one in value]
    if value is None:
        return None
    if setting.written in option.allowed:
        return setting.written
    kinds = option.kinds
    if isinstance(value, str):
        is_switch = bool in kinds and str not in kinds
        return SWITCHES.get(value.lower(), value) if is_switch else value
    if isinstance(value, float) and int in kinds and float not in kinds and value.is_integer():
        return int(value)
    is_number = not isinstance(value, bool) and (int in kinds or float in kinds)
    if str in kinds and type(value) not in kinds and not is_number:
        return setting.written
    return value


def suggestion_within(key: str, known: Mapping[str, Option]) -> str:
    """'; did you mean X.Y?' for an option Y of a known option's component X."""
    held = {
        inner: f"{name}.{inner}"
        for name, option in known.items()
        if option.family is not None and isinstance(option.default, Choice)
        for inner in schema.options(registry.find(option.family, option.default.name))
    }
    close = difflib.get_close_matches(key, held, n=1)
    return f"; did you mean '{held[close[0]]}'?" if close else ""
