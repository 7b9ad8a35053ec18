"""The command line answers at once: help needs no torch."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import pytest

VERBS = (
    *("train", "translate", "evaluate", "score", "compare", "visualize", "explain", "export"),
    *("attentions", "data"),
)
HELP = """
import sys
from attncli.cli import main
sys.argv = ["attncli", *{arguments!r}]
try:
    main()
except SystemExit as stop:
    heavy = {{"torch", "numpy", "sentencepiece", "sacrebleu", "datasets", "altair"}}
    sys.exit(f"code {{stop.code}}, imported {{sorted(heavy & set(sys.modules))}}")
"""


PLAIN = """
import typer
app = typer.Typer()
@app.command()
def one(name: str = "x") -> None:
    pass
app()
"""


def cost(*arguments):
    """Seconds of processor and of clock that one command takes."""
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_help_imports_nothing_heavy(verb):
    arguments = [*([verb] if verb else []), "--help"]
    done = subprocess.run(
        [sys.executable, "-c", HELP.format(arguments=arguments)], capture_output=True, text=True
    )
    assert done.stderr.strip() == "code 0, imported []"
    assert "Usage: attncli" in done.stdout


def test_help_names_every_verb():
    done = subprocess.run([sys.executable, "-m", "attncli", "--help"], capture_output=True)
    for verb in VERBS:
        assert f" {verb} ".encode() in done.stdout


def test_help_is_quick():
    ours, plain = [], []
    for _ in range(5):
        ours.append(cost("-m", "attncli", "--help"))
        plain.append(cost("-c", PLAIN, "--help"))
    (work, clock), (least, _) = (
        map(statistics.median, zip(*one, strict=True)) for one in (ours, plain)
    )
    assert work / least < 2, "the program itself adds as much as its command line library"
    if os.getloadavg()[0] < 0.5 * (os.cpu_count() or 1):
        assert clock < 0.4
