"""Files that are whole or not there: atomic writes, tensors with JSON, nested state taken apart."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from attncli.errors import RunError

Facts = dict[str, object]


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a temporary file, syncs it, and only then gives it its name."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last through a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, facts: Mapping[str, object]) -> None:
    """Writes facts as one JSON file, atomically."""
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> Facts:
    """The facts of a JSON file.

    Raises:
        RunError: missing or damaged.
    """
    try:
        found: Facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    return found


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> None:
    """Writes tensors and facts as one safetensors file, atomically.

    Tied tensors are written once each, since the format holds no shared memory.

    Raises:
        RunError: the disk does not take them.
    """
    held: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        moved = tensor.detach().cpu().contiguous()
        storage = moved.untyped_storage().data_ptr()
        held[name] = moved.clone() if storage in storages else moved
        storages.add(storage)
    metadata = {"facts": json.dumps(facts)}
    try:
        write_atomically(path, lambda temporary: save_file(held, temporary, metadata))
    except SafetensorError as error:
        raise RunError(f"{path}: cannot be written: {error}") from None


def read_tensors(path: Path, device: str = "cpu") -> tuple[dict[str, Tensor], Facts]:
    """The tensors and facts of one file.

    Raises:
        RunError: the file is damaged.
    """
    try:
        with safe_open(path, framework="pt", device=device) as file:
            facts: Facts = json.loads((file.metadata() or {}).get("facts", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path}: damaged ({error}); --checkpoint names another") from None


def flatten(state: object, prefix: str) -> tuple[dict[str, Tensor], Facts]:
    """Nested dicts, lists and tuples of tensors and JSON scalars as named tensors and JSON.

    Every name begins with `prefix`. Keys keep their type: an optimizer's are numbers.

    Raises:
        TypeError: something that is neither, with its name.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, {"tree": _take_apart(state, prefix, tensors)}


def _take_apart(value: object, name: str, tensors: dict[str, Tensor]) -> object:
    if isinstance(value, Tensor):
        if name in tensors:
            raise TypeError(f"two tensors would be named {name}")
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, (str, int)):
                raise TypeError(f"{name}: {key!r} cannot be a key")
        entries = value.items()
        return {"dict": [[key, _take_apart(one, f"{name}.{key}", tensors)] for key, one in entries]}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_take_apart(v, f"{name}.{i}", tensors) for i, v in enumerate(value)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{name}: a {type(value).__name__} cannot be saved")


def unflatten(tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> Any:
    """What `flatten` took apart."""
    return _put_together(facts["tree"], tensors)


def _put_together(node: object, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, held),) = node.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "dict":
        return {key: _put_together(entry, tensors) for key, entry in held}
    entries = [_put_together(entry, tensors) for entry in held]
    return entries if kind == "list" else tuple(entries)
