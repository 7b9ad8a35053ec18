"""metrics.jsonl: one JSON object a line, appended while a run trains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from attncli.errors import RunError
from attncli.run.files import Facts, write_atomically


def append(path: Path, record: Mapping[str, object]) -> None:
    """Adds one line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def read(path: Path) -> list[Facts]:
    """Every record written so far; a last line cut off by a kill is not one.

    Raises:
        RunError: another line is no JSON.
    """
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    records: list[Facts] = []
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            break
        try:
            records.append(json.loads(line))
        except ValueError as error:
            raise RunError(f"{path}:{number}: no JSON: {error}") from None
    return records


def rewind(path: Path, step: int) -> None:
    """Forgets records after `step`: what resuming from there will write again."""
    if not path.exists():
        return
    text = "".join(json.dumps(record) + "\n" for record in read(path) if _step(record) <= step)
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))


def _step(record: Mapping[str, object]) -> int:
    step = record.get("step", 0)
    return step if isinstance(step, int) else 0
