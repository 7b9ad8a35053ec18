"""The same work on many things at once, one core each."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")
PR_SET_PDEATHSIG = 1
_inherited: list[Callable[[Any], Any]] = []


def on_every_core(
    work: Callable[[Item], Result], items: Sequence[Item], tell: Callable[[Item], object]
) -> list[Result]:
    """The result of each item, in their order, as many at once as torch has threads.

    `tell` is told each item that is done.

    Operations on one batch are too small to share among cores; whole batches are not. Each core
    gets a fork of this process, which reads the model where it is; on systems where a process that
    has threads cannot fork safely, the work is done here, one item after the other.
    """
    if not forks(len(items)):
        return one_by_one(work, items, tell)
    workers = min(torch.get_num_threads(), len(items))
    fork = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(workers, fork, _begin, (work,))
    try:
        return _told(items, pool.map(_work, items), tell)
    finally:
        pool.shutdown(cancel_futures=True)


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
