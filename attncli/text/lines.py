"""Lines of a text file: ended by a line feed and by nothing else, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from attncli.errors import DataError

BLOCK = 1 << 20


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file, without their ends (a carriage return before one is dropped).

    Other characters that some programs take for line ends (U+2028, form feed) stay in the line.

    Raises:
        DataError: no such file, a folder, or bytes that are not UTF-8, with the line's number.
    """
    if path.is_dir() or not path.exists():
        what = "a folder, where a file is read" if path.is_dir() else "no such file"
        raise DataError(f"{path}: {what}")
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for number, raw in enumerate(_raw(path, file), 1):
            yield decoded(raw, path, number)


def decoded(raw: bytes, source: str | Path, number: int) -> str:
    """A line as text without its end; a byte order mark before the first is dropped.

    Raises:
        DataError: bytes that are not UTF-8, with source and number.
    """
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{source}:{number}: not UTF-8 at byte {error.start}; convert it with iconv"
        ) from None
    line = line.removeprefix("\ufeff") if number == 1 else line
    return line.removesuffix("\n").removesuffix("\r")


def _raw(path: Path, file: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from file
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}); is the file whole?") from None


def count_lines(path: Path) -> int:
    """How many lines `read_lines` gives."""
    count, last = 0, b"\n"
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for block in _raw(path, iter(lambda: file.read(BLOCK), b"")):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
