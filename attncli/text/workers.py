"""Work in processes of their own: their memory ends with them, and every core has some to do.

A worker is this module run by itself. It gets a function first, then questions, and answers one
after the other; where its questions end, because their sender has ended, it ends too.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import cycle
from typing import IO, Any, TypeVar

from attncli.errors import AttnError, DataError

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Worker:
    """A process that answers one question at a time; a context manager."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        command = [sys.executable, "-m", "attncli.text.workers"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask(function)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *raised: object) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        self.process.wait()

    def ask(self, question: object) -> None:
        """Sends a question; the answer to the one before must have been taken.

        Raises:
            DataError: the process has ended.
        """
        assert self.process.stdin is not None
        try:
            _send(question, self.process.stdin)
        except BrokenPipeError:
            raise self._ended() from None

    def answer(self) -> Any:
        """Waits for the answer.

        Raises:
            AttnError: what the function raised.
            DataError: the process has ended.
        """
        assert self.process.stdout is not None
        try:
            found = pickle.load(self.process.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None
        if isinstance(found, AttnError):
            raise found
        return found

    def _ended(self) -> DataError:
        return DataError(
            f"a process that prepares text ended with {self.process.wait()}; is there memory "
            "enough? (--threads 1 needs the least)"
        )


def apart(function: Callable[[Question], Answer], question: Question) -> Answer:
    """What `function` gives, found in a process of its own."""
    with Worker(function) as worker:
        worker.ask(question)
        found: Answer = worker.answer()
    return found


def in_order(
    function: Callable[[Question], Answer], questions: Iterable[Question], workers: int
) -> Iterator[Answer]:
    """The answers in the order of their questions, found by so many processes; by this one if 1."""
    if workers == 1:
        yield from map(function, questions)
        return
    with ExitStack() as stack:
        team = cycle([stack.enter_context(Worker(function)) for _ in range(workers)])
        busy: deque[Worker] = deque()
        for question in questions:
            if len(busy) == workers:
                yield busy.popleft().answer()
            worker = next(team)
            worker.ask(question)
            busy.append(worker)
        for worker in busy:
            yield worker.answer()


def _send(what: object, stream: IO[bytes]) -> None:
    pickle.dump(what, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


def _serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    function = pickle.load(questions)
    while True:
        try:
            question = pickle.load(questions)
        except EOFError:
            return
        try:
            found = function(question)
        except AttnError as error:
            found = error
        _send(found, answers)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    _serve(sys.stdin.buffer, sys.stdout.buffer)
