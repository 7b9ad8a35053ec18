"""The same work on many things at once, one core each."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

import torch

from attncli.errors import RunError

Item = TypeVar("Item")
Result = TypeVar("Result")
PR_SET_PDEATHSIG = 1
_inherited: list[Callable[[Any], Any]] = []


class Forks:
    """So many forks of this process that do one work, until `close` or until this is forgotten."""

    def __init__(self, count: int, work: Callable[[Any], Any]) -> None:
        self.count = count
        self.pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _begin, (work,))
        self.close = weakref.finalize(self, self.pool.shutdown, cancel_futures=True)


class Cores(Generic[Item, Result]):
    """The same work on many things, as many at once as torch has threads.

    Operations on one batch are too small to share among cores; whole batches are not. Each core
    gets a fork of this process, which reads the model where it is; on systems where a process that
    has threads cannot fork safely, the work is done here, one item after the other.

    The forks stay until `close`, or until this is forgotten: their memory is warm, and to begin
    anew takes as long as a batch. They know of the model what it was when they began. Each thread
    has its own, which end with it.

    Raises:
        RunError: a fork was ended from outside.
    """

    def __init__(self, work: Callable[[Item], Result]) -> None:
        self.work = work
        self.kept = threading.local()

    def each(self, items: Sequence[Item], tell: Callable[[Item], object]) -> list[Result]:
        """The result of each item, in their order; `tell` is told each item that is done."""
        if not forks(len(items)):
            return one_by_one(self.work, items, tell)
        try:
            return _told(items, self._forks(len(items)).pool.map(_work, items), tell)
        except BrokenProcessPool:
            self.close()
            raise RunError(
                "a process of those that share the work was ended, perhaps for want of memory "
                "(a smaller --batch or --beam, or --threads 1, takes less)"
            ) from None
        except BaseException:
            self.close()
            raise

    def _forks(self, items: int) -> Forks:
        """As many as there are items, and no more than there are threads."""
        threads = torch.get_num_threads()
        kept: Forks | None = getattr(self.kept, "forks", None)
        if kept is None or not min(threads, items) <= kept.count <= threads:
            self.close()
            kept = self.kept.forks = Forks(min(threads, items), self.work)
        return kept

    def close(self) -> None:
        """Ends this thread's forks; the next call begins anew."""
        if hasattr(self.kept, "forks"):
            self.kept.forks.close()
            del self.kept.forks


def one_by_one(
    work: Callable[[Item], Result], items: Sequence[Item], tell: Callable[[Item], object]
) -> list[Result]:
    """The same in this process."""
    return _told(items, map(work, items), tell)


def _told(
    items: Sequence[Item], results: Iterable[Result], tell: Callable[[Item], object]
) -> list[Result]:
    found = []
    for item, result in zip(items, results, strict=True):
        tell(item)
        found.append(result)
    return found


def forks(items: int) -> bool:
    """Whether so many items are spread over forks of this process."""
    return min(torch.get_num_threads(), items) > 1 and sys.platform == "linux"


def _begin(work: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process is asked, and stops its pool
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # where it is killed, so is this one
    torch.set_num_threads(1)
    _inherited.append(work)


def _work(item: Any) -> Any:
    return _inherited[-1](item)
