"""Runs the command line in this process, and the small corpus and settings that it trains on."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from attncli.cli import main

SMALL = [
    "model.embedding=16",
    "model.hidden=32",
    "subword.vocab_size=120",
    "batch.tokens=200",
    "train.epochs=6",
    "train.report=5",
    "train.average=2",
    "train.schedule=plateau",
]
WORDS = ["ein", "zwei", "drei", "vier", "rot", "blau", "Haus", "Hund", "läuft", "steht"]


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.removesuffix("\n").split("\n")


def write_corpus(folder: Path) -> Path:
    """Sentences of ten words, and the same in capitals: written so that they can be copied."""
    for part, count, begin in (("train", 240, 0), ("val", 20, 240), ("test", 20, 260)):
        lines = [
            " ".join(WORDS[(number * step + step) % 10] for step in range(3, 4 + number % 7))
            for number in range(begin, begin + count)
        ]
        (folder / f"{part}.en").write_text("\n".join(lines) + "\n", encoding="utf-8")
        upper = "\n".join(line.upper() for line in lines) + "\n"
        (folder / f"{part}.de").write_text(upper, encoding="utf-8")
    return folder


def attncli(*arguments: object, stdin: bytes = b"") -> Done:
    """One command, in this process: fast, and its warnings are errors here too."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.object(sys, "argv", ["attncli", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def process(*arguments: object, stdin: bytes = b"", cwd: Path | None = None) -> Done:
    """One command, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "attncli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def sets(*settings: str) -> list[str]:
    """The settings as flags."""
    return [word for setting in settings for word in ("--set", setting)]


def train(corpus: Path, runs: Path, name: str, *more: object) -> Path:
    """Trains a small run and gives its folder."""
    where = ["--data", corpus, "--runs", runs, "--run-name", name, "--threads", 1]
    done = attncli("train", *where, *sets(*SMALL), *more)
    assert done.code == 0, done.err
    return runs / name
