"""Text that comes through standard input."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from attncli.cli import streams
from attncli.cli.streams import batches_of_lines
from attncli.errors import DataError
from tests.running import attncli


def words(runs):
    return ["translate", "--run", "first", "--runs", runs, "--threads", "1"]


def test_a_byte_order_mark_is_no_part_of_the_first_line(monkeypatch):
    given = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfein Hund\nrot\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", given)
    assert [line for batch in batches_of_lines(None, 4) for line in batch] == ["ein Hund", "rot"]


class Broken(io.BytesIO):
    """A stream of two lines that then cannot be read."""

    def __iter__(self):
        yield b"ein Hund\n"
        yield b"rot\n"
        raise OSError(5, "Input/output error")


def test_lines_before_a_reading_error_are_handed_out(monkeypatch):
    monkeypatch.setattr(streams, "_standard_input", Broken)
    found = []
    with pytest.raises(DataError, match="stdin: cannot be read: Input/output error"):
        found.extend(line for batch in batches_of_lines(None, 4) for line in batch)
    assert found == ["ein Hund", "rot"]


def test_bytes_that_are_no_utf_8_are_an_error_with_its_line(runs):
    done = attncli(*words(runs), stdin=b"ein Hund\nzw\xffei\n")
    assert done.code == 1
    assert "stdin:2: not UTF-8" in done.err
    assert "iconv" in done.err
    assert len(done.lines) == 1, "the line before it is translated"


@pytest.mark.parametrize("turn", range(3))
def test_bytes_that_are_no_utf_8_end_a_process_in_order(runs, turn):
    with subprocess.Popen(
        [sys.executable, "-m", "attncli", *words(runs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as live:
        live.stdin.write(b"zw\xffei\n")
        live.stdin.flush()
        assert live.wait(60) == 1, "while more may come"
        assert b"Fatal" not in live.stderr.read()


def test_a_closed_standard_input_is_one_line(runs):
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "attncli", *words(runs)],
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"standard input is closed" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_standard_input_that_cannot_be_read_is_one_line(runs, tmp_path):
    with (tmp_path / "written").open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "attncli", *words(runs)],
            stdin=file,
            capture_output=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert b"stdin: cannot be read: Bad file descriptor" in done.stderr
    assert b"Traceback" not in done.stderr
