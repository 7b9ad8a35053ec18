"""What is kept of a training run, so that it can go on as if it had not stopped."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from attncli.experiment import MODEL, of_model
from attncli.models.base import Seq2Seq
from attncli.objective import Objective
from attncli.run import Run, flatten, unflatten
from attncli.schedules import Schedule

LAST = "last"
SNAPSHOT = "snapshot-"


@dataclass
class Progress:
    """Where training stands; all of it goes into a checkpoint."""

    step: int = 0
    epoch: int = 0  # epochs that are done
    batch: int = 0  # batches of this epoch that are done
    words: int = 0  # target pieces seen, EOS included
    seconds: float = 0.0  # of training steps alone
    best: float = -math.inf  # of what is monitored, the higher the better
    best_step: int = 0
    waited: int = 0  # validations since the best
    validations: int = 0
    validated: int = 0  # the step of the last one

    @property
    def where(self) -> str:
        """The last step and the epoch that it was of, counted from 1, to be said."""
        return f"step {self.step}, epoch {self.epoch + bool(self.batch)}"


class Checkpoints:
    """Writes and reads the states of one training: model, objective, optimizer, schedule.

    `last` holds all of it; `best`, `average` and the snapshots hold the model alone.
    """

    def __init__(
        self,
        run: Run,
        model: Seq2Seq,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
    ) -> None:
        self.run = run
        self.model = model
        self.objective = objective
        self.optimizer = optimizer
        self.schedule = schedule

    def save(self, progress: Progress) -> None:
        """Keeps everything as `last`."""
        state: dict[str, object] = {
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.remembered(),
            "progress": asdict(progress),
        }
        tensors, facts = flatten(state, "training")
        self.run.save_state(LAST, self._model() | tensors, facts)

    def restore(self) -> Progress:
        """Puts everything back as it was saved, and says where training stood."""
        tensors, facts = self.run.load_state(LAST)
        self.model.load_state_dict(of_model(tensors))
        state = unflatten(tensors, facts)
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.recall(state["schedule"])
        return Progress(**state["progress"])

    def keep(self, name: str, progress: Progress) -> None:
        """Keeps the model under a name."""
        self.run.save_state(name, self._model(), asdict(progress))

    def snapshot(self, progress: Progress, most: int) -> None:
        """Keeps the model among the last `most` validated ones."""
        self.keep(f"{SNAPSHOT}{progress.validations}", progress)
        self.run.remove_state(f"{SNAPSHOT}{progress.validations - most}")

    @contextmanager
    def mean_model(self) -> Iterator[int]:
        """While it lasts the model is the mean of the snapshots, of which it says the number."""
        names = [name for name in self.run.states() if name.startswith(SNAPSHOT)]
        own = {name: part.clone() for name, part in self.model.state_dict().items()}
        if names:
            self.model.load_state_dict(mean([self._kept(name) for name in names]))
        yield len(names)
        self.model.load_state_dict(own)

    @contextmanager
    def model_of(self, name: str) -> Iterator[None]:
        """While it lasts the model is the one that is kept under a name."""
        own = {name: part.clone() for name, part in self.model.state_dict().items()}
        self.model.load_state_dict(self._kept(name))
        yield
        self.model.load_state_dict(own)

    def _kept(self, name: str) -> dict[str, Tensor]:
        return of_model(self.run.load_state(name)[0])

    def _model(self) -> dict[str, Tensor]:
        return {MODEL + name: part for name, part in self.model.state_dict().items()}


def mean(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of several states of one model, tensor by tensor."""
    return {name: torch.stack([part[name] for part in parts]).mean(0) for name in parts[0]}
