"""The ending of a file name says the format."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from attncli.errors import UsageError, suggestion


def check(path: Path, endings: Collection[str]) -> None:
    """Refuses a file that could not be written, before anything is computed.

    Raises:
        UsageError: an ending that is not one of `endings`, or no such folder.
    """
    ending = path.suffix.lower()
    if ending not in endings:
        raise UsageError(
            f"{path}: no format '{ending}'{suggestion(ending, endings)} "
            f"(there is {', '.join(endings)})"
        )
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
