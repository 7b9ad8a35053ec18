"""Lines in as they come, lines out at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from io import UnsupportedOperation
from pathlib import Path
from queue import Empty, Queue
from typing import BinaryIO

from attncli.errors import DataError, UsageError

STANDARD_INPUT = Path("-")


def batches_of_lines(path: Path | None, most: int) -> Iterator[list[str]]:
    """Lines of a file, or of stdin (no path, or `-`), in batches of up to `most`.

    From stdin a batch is what has come by now, so that a person at a terminal, or a program that
    waits for an answer, gets each line's result before writing the next.
    """
    from attncli.text.lines import decoded, read_lines

    if path is not None and path != STANDARD_INPUT:
        whole = list(read_lines(path))
        for begin in range(0, len(whole), most):
            yield whole[begin : begin + most]
        return
    source = _standard_input()
    arrived: Queue[bytes | OSError | None] = Queue(maxsize=2 * most)
    threading.Thread(target=_read, args=(source, arrived), daemon=True).start()
    number = 0
    ended = False
    while not ended:
        raw: list[bytes | OSError | None] = [arrived.get()]
        while len(raw) < most and isinstance(raw[-1], bytes):
            try:
                raw.append(arrived.get_nowait())
            except Empty:
                break
        ended = raw[-1] is None
        lines: list[str] = []
        for line in raw:
            if line is None:
                break
            number += 1
            try:
                if isinstance(line, OSError):
                    raise DataError(f"stdin: cannot be read: {line.strerror}")
                lines.append(decoded(line, "stdin", number))
            except DataError:
                if lines:
                    yield lines
                raise
        if lines:
            yield lines


def _standard_input() -> BinaryIO:
    """Stdin in a buffer that Python need not lock when it ends while a line is awaited.

    Raises:
        UsageError: it is closed.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed; name a FILE, or send text through a pipe")
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except UnsupportedOperation:
        return sys.stdin.buffer


def _read(source: BinaryIO, arrived: Queue[bytes | OSError | None]) -> None:
    try:
        for line in source:
            arrived.put(line)
    except OSError as error:
        arrived.put(error)
    arrived.put(None)
