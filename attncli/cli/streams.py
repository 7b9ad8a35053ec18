"""Lines in as they come, lines out at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

from attncli.errors import DataError


def batches_of_lines(path: Path | None, most: int) -> Iterator[list[str]]:
    """Lines of a file, or of stdin, in batches of up to `most`.

    From stdin a batch is what has come by now, so that a person at a terminal, or a program that
    waits for an answer, gets each line's result before writing the next.
    """
    if path is not None:
        from attncli.text.lines import read_lines

        lines = list(read_lines(path))
        for begin in range(0, len(lines), most):
            yield lines[begin : begin + most]
        return
    arrived: Queue[bytes | None] = Queue(maxsize=2 * most)
    threading.Thread(target=_read, args=(arrived,), daemon=True).start()
    number = 0
    ended = False
    while not ended:
        raw: list[bytes | None] = [arrived.get()]
        while len(raw) < most and raw[-1] is not None:
            try:
                raw.append(arrived.get_nowait())
            except Empty:
                break
        ended = raw[-1] is None
        lines = [
            _decoded(line, number + place) for place, line in enumerate(raw) if line is not None
        ]
        number += len(lines)
        if lines:
            yield lines


def _read(arrived: Queue[bytes | None]) -> None:
    for line in sys.stdin.buffer:
        arrived.put(line)
    arrived.put(None)


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise DataError(f"stdin:{number + 1}: not UTF-8 at byte {error.start}") from None
