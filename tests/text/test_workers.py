"""Work in other processes: answers in order, the same as here, errors told, nobody left behind."""

from __future__ import annotations

import os
from functools import partial
from operator import add, mul
from pathlib import Path

import pytest

from attncli.errors import DataError
from attncli.text.lines import count_lines
from attncli.text.pair import Pair
from attncli.text.preprocess import Preprocess
from attncli.text.store import write_store
from attncli.text.subword import Subword
from attncli.text.tokenise import Kept
from attncli.text.workers import Worker, apart, in_order


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_the_questions(workers: int) -> None:
    assert list(in_order(partial(mul, 3), range(7), workers)) == [0, 3, 6, 9, 12, 15, 18]


def test_it_is_another_process_that_answers() -> None:
    assert apart(eval, "__import__('os').getpid()") != os.getpid()


def test_what_goes_wrong_there_is_told_here(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"plain text\n")
    with pytest.raises(DataError, match=r"a\.gz: cannot be read"):
        apart(count_lines, tmp_path / "a.gz")


def test_one_that_ends_too_soon_is_noticed() -> None:
    with Worker(partial(add, 1)) as worker:
        worker.ask(1)
        assert worker.answer() == 2
        worker.process.kill()
        with pytest.raises(DataError, match="a process that prepares text ended with -9"):
            worker.answer()
        with pytest.raises(DataError, match="ended with -9"):
            worker.ask(2)
    with pytest.raises(DataError, match="ended with 3"):
        apart(os._exit, 3)


def test_workers_write_the_same_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attncli.text.store.CHUNK", 7)
    pairs = [Pair("ab " * (row % 5), f"c{row} d", ((0, 1),)) for row in range(50)]
    codec = Subword(kind="bpe", vocab_size=30).train(pairs, Preprocess(), ("en", "de"))
    for workers in (1, 2):
        done: list[int] = []
        kept = (Kept(pair, bool(pair.src)) for pair in pairs)
        write_store(tmp_path / str(workers), kept, codec, done.append, workers)
        assert done == [7, 7, 7, 7, 7, 7, 7, 1]
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes(), path.name
