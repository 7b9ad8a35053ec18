"""Dataclasses as JSON and back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import TypeVar

from attncli.errors import RunError
from attncli.run.files import write_atomically

T = TypeVar("T")


def write_record(path: Path, record: object) -> None:
    """Writes a dataclass and all it holds as one JSON file, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = dataclasses.asdict(typing.cast(typing.Any, record))
    text = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))


def read_record(path: Path, kind: type[T]) -> T:
    """The dataclass that was written there.

    Raises:
        RunError: missing, damaged, or written by another version.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return typing.cast(T, revive(plain, kind))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(f"{path}: cannot be read ({error}); remove it and compare again") from None


def revive(value: typing.Any, kind: typing.Any) -> object:
    """JSON data as the type that it was; what has a default may be missing."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        spared = {one.name for one in dataclasses.fields(kind) if one.default is not MISSING}
        if other := (set(value) ^ set(hints)) - (spared - set(value)):
            raise ValueError(f"other fields: {', '.join(sorted(other))}")
        return typing.cast(typing.Any, kind)(**{k: revive(v, hints[k]) for k, v in value.items()})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return [revive(entry, inner[0]) for entry in value]
    if origin is dict:
        return {key: revive(entry, inner[1]) for key, entry in value.items()}
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        (held,) = (one for one in inner if one is not types.NoneType)
        return revive(value, held)
    return value


def digest_of(facts: Mapping[str, object]) -> str:
    """A short hash of JSON facts."""
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
