"""A new attention is one new file: registered, listed, tested and trained with no other edit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attention.contract import CHECKS
from tests.running import SMALL, attncli, sets

ROOT = Path(__file__).parents[2]
HEAD = '''"""Nobody 2000, "A paper", arXiv 0000.00000, eq. 1."""

from torch import Tensor

from attncli.attention.base import Attended, Attention, Memory, State, next_step


class Squared(Attention):
    """The squared product of the query with the source state.

        e_ts = (query_t . state_s)^2
    """

    name = "squared"
    equal_sizes = True

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return (query @ memory.keys.transpose(1, 2)) ** 2
'''
WRONG = """
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        weights = self.score(query, memory, state).softmax(-1)
        return Attended(weights @ memory.values, weights, next_step(state), {}, {})
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of the program and its tests, and a way to run Python in it."""
    for part in ("attncli", "recipes", "data", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def python(*arguments):
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )

    where = python("-c", "import attncli; print(attncli.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(tmp_path), where.stderr
    return tmp_path, python


CONTRACT = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/attention/test_contract.py")


def test_a_file_in_the_folder_is_an_attention(copy, corpus):
    folder, python = copy
    (folder / "attncli" / "attention" / "squared.py").write_text(HEAD, encoding="utf-8")

    tested = python(*CONTRACT, "-k", "squared")
    assert f"{len(CHECKS)} passed" in tested.stdout, tested.stdout

    listed = python("-m", "attncli", "attentions")
    assert "squared\n  The squared product" in listed.stdout, listed.stderr
    assert "e_ts = (query_t . state_s)^2" in listed.stdout
    assert "Paper: Nobody 2000" in listed.stdout

    trained = python(
        *("-m", "attncli", "train", "--attention", "squared", "--data", corpus, "--threads", 1),
        *("--run-name", "mine", *sets(*SMALL, "train.steps=2")),
    )
    assert trained.returncode == 0, trained.stderr
    assert "name: squared" in (folder / "runs" / "mine" / "recipe.yaml").read_text()


def test_a_wrong_file_in_the_folder_is_caught(copy):
    folder, python = copy
    (folder / "attncli" / "attention" / "squared.py").write_text(HEAD + WRONG, encoding="utf-8")
    tested = python(*CONTRACT, "-k", "squared")
    assert tested.returncode == 1, tested.stdout
    assert "test_contract[squared-padding_is_never_read]" in tested.stdout
    assert "passed" in tested.stdout


def test_a_file_of_the_user_s_own_trains_and_stays_with_its_run(corpus, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(HEAD, encoding="utf-8")
    where = ("--runs", tmp_path / "runs", "--threads", 1)
    trained = attncli(
        *("train", "--attention", mine, "--data", corpus, *where, "--run-name", "own"),
        *sets(*SMALL, "train.steps=2"),
    )
    assert trained.code == 0, trained.err
    mine.unlink()
    moved = (tmp_path / "runs" / "own").rename(tmp_path / "runs" / "moved")
    done = attncli("translate", "--run", moved, "--alignments", stdin=b"ein Hund\n\n")
    assert done.code == 0, done.err
    assert len(done.lines) == 2
    assert " |||" in done.lines[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace('name = "squared"', ""), "holds 0 classes with a `name`; one is expected"),
        (
            HEAD + HEAD[HEAD.index("class") :].replace("quared", "quarer"),
            "holds 2 classes with a `name`",
        ),
    ],
)
def test_a_file_without_exactly_one_attention_is_refused(tmp_path, text, said):
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    done = attncli("train", "--attention", tmp_path / "mine.py", "--data", tmp_path / "nowhere")
    assert done.code == 2
    assert said in done.err


def test_a_file_that_is_not_there_is_refused(tmp_path):
    done = attncli("train", "--attention", tmp_path / "mine.py", "--data", tmp_path / "nowhere")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "mine.py" in done.err
