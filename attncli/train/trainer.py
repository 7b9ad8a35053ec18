"""Training: one loop, read from top to bottom, that can stop anywhere and go on exactly."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

import numpy as np

from attncli.optimizers import Optimizer
from attncli.progress import Reporter
from attncli.registry import AtLeastZero, Choice, Count, Positive
from attncli.run.curves import Curves
from attncli.schedules import Schedule
from attncli.search import Search
from attncli.train.checkpoints import Checkpoints, Progress
from attncli.train.choice import choose
from attncli.train.interruption import Interruption
from attncli.train.task import Task
from attncli.train.update import Update
from attncli.train.validation import Validation, require_number

INTERRUPTED = "interrupted"
GREEDY = Search(beam=1)
"""How a validation in the course of training decodes."""


class Limit(NamedTuple):
    """What ends a training: the setting, and in words how far it went."""

    setting: str
    said: str


class Trainer:
    """Minimises the objective by mini-batches.

    Options:
        optimizer: how a gradient becomes a step
        schedule: how the learning rate changes
        clip: the greatest norm of a gradient; 0 lets every gradient through
        accumulate: batches whose gradients make one step
        epochs: passes over the data at the most
        steps: steps at the most; 0 sets no limit
        minutes: minutes of training steps at the most, over all resumed parts; 0 sets no limit
        validate: steps between validations; 0 validates after every epoch
        monitor: what is to improve: BLEU of decoded validation text, or loss without decoding
        patience: validations without improvement before training stops; 0 never stops it
        average: the mean of the last so many validated models competes with the best one at the
            end, by the BLEU of the run's own search; 0 keeps none
        checkpoint_minutes: minutes between checkpoints within an epoch
        report: steps between lines in metrics.jsonl
        precision: bf16 rounds the factors of products; their sums stay float32
    """

    def __init__(
        self,
        task: Task,
        *,
        optimizer: Annotated[Choice, "optimizer"] = Choice("optimizer", "adam"),
        schedule: Annotated[Choice, "schedule"] = Choice("schedule", "constant"),
        clip: AtLeastZero = 1.0,
        accumulate: Positive = 1,
        epochs: Positive = 10,
        steps: Count = 0,
        minutes: AtLeastZero = 0.0,
        validate: Count = 0,
        monitor: Literal["bleu", "loss"] = "bleu",
        patience: Count = 0,
        average: Count = 0,
        checkpoint_minutes: AtLeastZero = 10.0,
        report: Positive = 50,
        precision: Literal["float32", "bf16"] = "float32",
    ) -> None:
        self.run, self.model, self.objective = task.run, task.model, task.objective
        self.store, self.batches = task.store, task.batches
        self.validator, self.emergence = task.validator, task.emergence
        self.search = task.search
        self.seed, self.processes = task.seed, task.processes
        choice: Optimizer = optimizer.build()
        self.rate = choice.lr
        self.optimizer = choice.over(task.model.parameters())
        self.schedule: Schedule = schedule.build()
        self.checkpoints = Checkpoints(
            task.run, task.model, task.objective, self.optimizer, self.schedule
        )
        self.update = Update(
            task.model,
            task.objective,
            self.optimizer,
            task.processes,
            clip=clip,
            seed=task.seed,
            bf16=precision == "bf16",
        )
        self.accumulate = accumulate
        self.epochs = epochs
        self.steps = steps
        self.minutes = minutes
        self.validate_every = validate
        self.monitor = monitor
        self.patience = patience
        self.average = average
        self.checkpoint_seconds = checkpoint_minutes * 60
        self.report = report
        self.progress = Progress()

    def train(self) -> str:
        """Trains until a limit and says which; what was `interrupted` can be resumed."""
        self.run.rewind_metrics(self.progress.step)
        self.run.unfinish()
        self.processes.equalize(self.model.state_dict().values())
        with Interruption() as interruption, self.run.curves(self.progress.step) as curves:
            while not (why := self._stopped(interruption)):
                self._epoch(interruption, curves)
            if why != INTERRUPTED and self.progress.validated != self.progress.step:
                self._validate(Reporter("validating", 1, stream=self.processes.stderr), curves)
        self.save()
        if why != INTERRUPTED:
            self.run.note({"use": self.processes.first(self._best_state)})
            self.run.finish(why)
        return why

    def _epoch(self, interruption: Interruption, curves: Curves) -> None:
        """The rest of the current epoch, or as much of it as a limit leaves."""
        progress = self.progress
        order = self.batches.epoch(self.store, progress.epoch, self.seed)
        what = f"epoch {progress.epoch + 1}/{self.epochs}"
        total = len(order) * self.epochs
        if self.steps:
            total = min(total, self.steps * self.accumulate)
        done = len(order) * progress.epoch + progress.batch
        with Reporter(what, total, done, self.processes.stderr) as reporter:
            self.model.train()
            saved, lap = time.monotonic(), replace(progress)
            while progress.batch < len(order):
                begun = time.monotonic()
                rows = order[progress.batch : progress.batch + self.accumulate]
                loss, rate = self.step(rows, len(order))
                progress.batch += len(rows)
                (seconds,) = self.processes.total(time.monotonic() - begun)
                progress.seconds += seconds / self.processes.size
                pace = (progress.words - lap.words) / (progress.seconds - lap.seconds)
                reporter.advance(len(rows), f"loss {loss:.3f}  {pace:,.0f} tokens/s")
                if progress.step % self.report == 0:
                    self._write(curves, {"loss": loss, "lr": rate, "tokens_per_second": pace})
                    lap = replace(progress)
                if self.validate_every and progress.step % self.validate_every == 0:
                    self._validate(reporter, curves)
                if self._stopped(interruption):
                    return
                if time.monotonic() - saved > self.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
            progress.epoch += 1
            progress.batch = 0
            if not self.validate_every and progress.validated != progress.step:
                self._validate(reporter, curves)
        self.save()

    def step(self, batches: list[np.ndarray], of_epoch: int) -> tuple[float, float]:
        """One update from the rows of some batches: loss a word (nats), learning rate.

        `of_epoch` is the number of batches in the epoch.

        Raises:
            RunError: the loss is no number any more.
        """
        progress = self.progress
        progress.step += 1
        epoch = progress.epoch + progress.batch / of_epoch
        share_of_steps = progress.step / self.steps if self.steps else 0.0
        done = min(1.0, max(epoch / self.epochs, share_of_steps))
        rate = self.rate * self.schedule.factor(progress.step, epoch, done)
        shares = [self.processes.share(rows) for rows in batches]
        previous = self.model.previous
        parts = [self.batches.collate(self.store, rows, previous) for rows in shares if len(rows)]
        tally = self.update(parts, progress.step, rate)
        require_number(tally.nll, f"step {progress.step}")
        progress.words += tally.words
        return tally.nll / tally.words, rate

    def _stopped(self, interruption: Interruption) -> str:
        (asked,) = self.processes.total(interruption.asked)
        if asked:
            return INTERRUPTED
        reached = self.limit()
        return reached.said if reached else ""

    def limit(self) -> Limit | None:
        """Which limit has been reached."""
        progress = self.progress
        if progress.epoch >= self.epochs:
            return Limit("train.epochs", f"{progress.epoch} epochs done")
        if self.steps and progress.step >= self.steps:
            return Limit("train.steps", f"{progress.step} steps done")
        if self.minutes and progress.seconds >= self.minutes * 60:
            return Limit("train.minutes", f"{self.minutes:g} minutes are over")
        if self.patience and progress.waited >= self.patience:
            said = f"no better {self.monitor} in {self.patience} validations"
            return Limit("train.patience", said)
        return None

    def passed(self) -> bool:
        """Whether training went on beyond a limit, which was set lower since."""
        progress = self.progress
        return progress.epoch > self.epochs or 0 < self.steps < progress.step

    def _validate(self, reporter: Reporter, curves: Curves) -> None:
        """Scores the validation set, and keeps the model where it is the best so far."""
        progress = self.progress
        found = self.processes.first(lambda: self._scored(GREEDY))
        self.processes.first(lambda: self.emergence.keep(progress.step))
        value = found.value
        self.schedule.validated(-value)
        progress.validations += 1
        progress.validated = progress.step
        better = value > progress.best
        progress.waited = 0 if better else progress.waited + 1
        if better:
            progress.best, progress.best_step = value, progress.step
            self.checkpoints.keep("best", progress)
        if self.average:
            self.checkpoints.snapshot(progress, self.average)
        record = {"valid_loss": found.loss, "valid_bleu": found.bleu, "seconds": progress.seconds}
        self._write(curves, record | (found.attention.curves() if found.attention else {}))
        decoded = "" if found.bleu is None else f", BLEU {found.bleu:.2f}"
        reporter.say(
            f"{progress.where}: valid perplexity {found.perplexity:.3f}{decoded}"
            f"{' (best)' if better else ''}"
        )

    def _scored(self, search: Search) -> Validation:
        return self.validator.validate(self.model, search if self.monitor == "bleu" else None)

    def _best_state(self) -> str:
        """The checkpoint to decode with, by the search that will decode."""
        best = "best" if self.run.has_state("best") else "last"
        choice = choose(self.checkpoints, self.progress, best, lambda: self._scored(self.search))
        if choice.said:
            self.run.append_metrics({"step": self.progress.step, **choice.record})
            with Reporter("choosing", 1, stream=self.processes.stderr) as reporter:
                reporter.say(choice.said)
        return choice.name

    def _write(self, curves: Curves, record: dict[str, float | None]) -> None:
        where = {"step": self.progress.step, "epoch": self.progress.epoch}
        self.run.append_metrics({**where, **record})
        curves.write(record, self.progress.step)

    def save(self) -> None:
        """Writes where training stands, to be resumed from there."""
        self.checkpoints.save(self.progress)

    def resume(self) -> None:
        """Takes up training where the last checkpoint left it."""
        self.progress = self.checkpoints.restore()
