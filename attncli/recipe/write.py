"""A resolved recipe as plain data and as YAML that is read back as it was."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from attncli.recipe.file import scalar
from attncli.registry import Choice


def plain(value: object) -> object:
    """Choices as mappings with their name first; all else as it is."""
    if isinstance(value, Choice):
        return value.plain()
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return value


def flattened(value: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Every value with its dotted name."""
    for key, entry in value.items():
        if isinstance(entry, Mapping):
            yield from flattened(entry, f"{above}{key}.")
        else:
            yield f"{above}{key}", entry


def merged(papers: Sequence[object]) -> object:
    """What is said of the paper, the last layer's word first; None where nothing is."""
    entries = [paper for paper in papers if isinstance(paper, dict)]
    if len(entries) < len(papers):
        return papers[-1]
    return {key: value for entry in entries for key, value in entry.items()} or None


def fingerprint(value: object) -> object:
    """A component's file by its name and content, so that it may lie elsewhere; others as is."""
    if isinstance(value, str) and value.endswith(".py") and Path(value).is_file():
        return f"{Path(value).name}#{_content(Path(value))}"
    return value


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def with_copies(value: Mapping[str, object], folder: Path) -> dict[str, object]:
    """The data with every component's file copied into `folder` and named relative to it."""
    held: dict[str, object] = {}
    for key, entry in value.items():
        if isinstance(entry, Mapping):
            entry = with_copies(entry, folder)
        elif key == "name" and isinstance(entry, str) and entry.endswith(".py"):
            copy = Path("components") / _content(Path(entry)) / Path(entry).name
            (folder / copy).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / copy).exists():
                shutil.copyfile(entry, folder / copy)
            entry = copy.as_posix()
        held[key] = entry
    return held


class RecipeDumper(yaml.SafeDumper):
    """Quotes every text that would be read as something else."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


RecipeDumper.add_representer(str, _text)
