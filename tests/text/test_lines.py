"""Lines: which character ends one, and which only looks as if it did."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from attncli.errors import DataError
from attncli.text.lines import count_lines, read_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\rb\n", ["a\rb"]),
        ("a\u2028b\x0cc\x85d\n".encode(), ["a\u2028b\x0cc\x85d"]),
        ("\ufeffa\n\ufeffb\n".encode(), ["a", "\ufeffb"]),
        (b" a \n", [" a "]),
    ],
)
@pytest.mark.parametrize("end", ["", ".gz"])
def test_lines(tmp_path: Path, text: bytes, lines: list[str], end: str) -> None:
    path = tmp_path / f"text{end}"
    path.write_bytes(gzip.compress(text) if end else text)
    assert list(read_lines(path)) == lines
    assert count_lines(path) == len(lines)


def test_what_is_no_utf8_has_a_place(tmp_path: Path) -> None:
    path = tmp_path / "latin1"
    path.write_bytes(b"one\ntwo\nM\xfcller\n")
    with pytest.raises(DataError, match=r"latin1:3: not UTF-8 at byte 1"):
        list(read_lines(path))


def test_a_pipe_with_a_name_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"a\nb\n",))
    writer.start()
    assert list(read_lines(tmp_path / "pipe")) == ["a", "b"]
    writer.join()


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        list(read_lines(tmp_path / "none"))


def test_what_is_only_called_gz(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"plain text\n")
    with pytest.raises(DataError, match=r"a\.gz: cannot be read"):
        list(read_lines(tmp_path / "a.gz"))
