"""Several processes that train one model, on one machine or more; `torchrun` starts them.

Each process reads its part of every batch, and one all-reduce a step sums the gradients of all
parts: the update is that of one process with the whole batch. The sum is made here, by hand, and
not by torch's DistributedDataParallel (Li et al. 2020, arXiv 2006.15704), which hooks into one
`forward` of a wrapped model: the objective calls the output layer beside the model, and may call
the model twice; it takes means over processes where parts are unequal; it waits for parameters
that a batch did not use. Batches that are accumulated need no care here: nothing is sent before
the last of them.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TextIO, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.run import Onlooker, Run

# The others wait while the first one prepares text and validates; one that dies is noticed at once.
PATIENCE = timedelta(days=7)
Say = Callable[[str], None]
T = TypeVar("T")


class Processes:
    """One process: all parts are its own, nothing is sent, and nobody waits."""

    rank = 0
    size = 1
    here = 1  # of them on this machine

    @property
    def stderr(self) -> TextIO:
        """Where this process shows its progress."""
        return sys.stderr

    def place(self, device: torch.device) -> torch.device:
        """The device of this process."""
        return device

    def witness(self, run: Run) -> Run:
        """The run as this process may use it: one writes, the others look on."""
        return run

    def say(self, say: Say) -> Say:
        """How this process speaks: one does, the others are silent."""
        return say

    def share(self, rows: np.ndarray) -> np.ndarray:
        """The part of a batch's rows that this process reads; it may be empty."""
        return rows

    def total(self, *numbers: float) -> list[float]:
        """The sum of each number over all processes."""
        return list(numbers)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Makes every gradient the sum of those of all processes."""

    def equalize(self, tensors: Iterable[Tensor]) -> None:
        """Gives all processes the values that the first one has."""

    def first(self, action: Callable[[], T]) -> T:
        """What `action` gives in the first process, which alone does it; the others wait."""
        return action()

    def in_turn(self, action: Callable[[], T]) -> T:
        """Does `action` in all processes, in the first one before the others."""
        return action()


class Several(Processes):
    """A process among others. What is small goes through memory and gloo, on any device."""

    def __init__(self, rank: int, size: int, here: int) -> None:
        self.rank, self.size, self.here = rank, size, here
        self.unseen = io.StringIO()

    @property
    def stderr(self) -> TextIO:
        return self.unseen if self.rank else sys.stderr

    def place(self, device: torch.device) -> torch.device:
        if device.type != "cuda" or device.index is not None:
            return device
        local, count = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local >= count:
            raise UsageError(
                f"{self.here} processes on this machine, which has {count} GPUs "
                f"(try --nproc-per-node={count})"
            )
        torch.cuda.set_device(local)
        return torch.device("cuda", local)

    def witness(self, run: Run) -> Run:
        return Onlooker(run.path) if self.rank else run

    def say(self, say: Say) -> Say:
        return _unheard if self.rank else say

    def share(self, rows: np.ndarray) -> np.ndarray:
        return rows[self.rank :: self.size]

    def total(self, *numbers: float) -> list[float]:
        sums = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(sums)
        found: list[float] = sums.tolist()
        return found

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        used = torch.tensor([float(parameter.grad is not None) for parameter in learning])
        gradients = [
            torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            for parameter in learning
        ]
        flat = torch.cat([used.to(gradients[0]), *(part.flatten() for part in gradients)])
        dist.all_reduce(flat)
        users = flat[: len(learning)].tolist()
        sums = torch.split(flat[len(learning) :], [parameter.numel() for parameter in learning])
        for parameter, count, gradient in zip(learning, users, sums, strict=True):
            # none stays none where no process has one: zeros would be weights to decay
            parameter.grad = gradient.view_as(parameter) if count else None

    def equalize(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            dist.broadcast(tensor, 0)

    def first(self, action: Callable[[], T]) -> T:
        done: list[T] = []
        if self.rank == 0:
            try:
                done.append(action())
            finally:
                dist.broadcast_object_list([done])
            return done[0]
        heard: list[list[T]] = [done]
        dist.broadcast_object_list(heard)
        if not heard[0]:
            raise SystemExit(1)  # the first process says why
        return heard[0][0]

    def in_turn(self, action: Callable[[], T]) -> T:
        made: list[T] = []
        self.first(lambda: made.append(action()))
        return made[0] if made else action()


ALONE = Processes()


def _unheard(line: str) -> None:
    """Says nothing."""


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """All processes that torchrun started with this one; without torchrun it is by itself.

    They leave together, so that none is ended while another one still writes.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Several(dist.get_rank(), size, int(os.environ.get("LOCAL_WORLD_SIZE", size)))
        dist.barrier()
    finally:
        dist.destroy_process_group()
