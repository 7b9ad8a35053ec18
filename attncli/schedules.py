"""How the learning rate changes: a factor on the optimizer's rate for every step."""

from __future__ import annotations

import math
from typing import ClassVar

from attncli.registry import Count, Positive, Probability


class Schedule:
    """A factor for each step, counted from 1. What it remembers is plain and goes into JSON."""

    family: ClassVar[str] = "schedule"
    name: ClassVar[str | None] = None

    def factor(self, step: int, epoch: float, done: float) -> float:
        """The factor for `step`.

        `epoch` counts passes over the data, `done` is the share of the whole training; both are 0
        at the start.
        """
        raise NotImplementedError

    def validated(self, value: float) -> None:
        """Hears of a validation; lower is better."""

    def remembered(self) -> dict[str, float]:
        """What must be kept to go on later."""
        return {}

    def recall(self, remembered: dict[str, float]) -> None:
        """Takes up what was kept."""


class Constant(Schedule):
    """Full rate after a linear warm-up.

        f = min(1, step / warmup)

    Options:
        warmup: steps until the full rate
    """

    name = "constant"

    def __init__(self, *, warmup: Count = 0) -> None:
        self.warmup = warmup

    def factor(self, step: int, epoch: float, done: float) -> float:
        return min(1.0, step / max(1, self.warmup))


class InverseSqrt(Schedule):
    """Linear warm-up, then decay with the root of the step.

        f = min(step / warmup, sqrt(warmup / step))

    Options:
        warmup: steps until the full rate
    """

    name = "inverse-sqrt"

    def __init__(self, *, warmup: Positive = 2000) -> None:
        self.warmup = warmup

    def factor(self, step: int, epoch: float, done: float) -> float:
        return min(step / self.warmup, math.sqrt(self.warmup / step))


class Noam(Schedule):
    """Vaswani 2017, eq. 3; the optimizer's lr is a factor on it (1 for the paper's).

        f = dim^-0.5 min(step^-0.5, step warmup^-1.5)

    Options:
        warmup: steps until the highest rate
        dim: width of the model
    """

    name = "noam"

    def __init__(self, *, warmup: Positive = 4000, dim: Positive = 512) -> None:
        self.warmup = warmup
        self.dim = dim

    def factor(self, step: int, epoch: float, done: float) -> float:
        return float(self.dim**-0.5 * min(step**-0.5, step * self.warmup**-1.5))


class Halving(Schedule):
    """Luong 2015, section 4.1: full rate at first, then half of it after each further epoch.

        f = 2^-max(0, floor(epoch) - start + 1)

    Options:
        start: epochs at the full rate
    """

    name = "halving"

    def __init__(self, *, start: Count = 5) -> None:
        self.start = start

    def factor(self, step: int, epoch: float, done: float) -> float:
        return float(2.0 ** -max(0, math.floor(epoch) - self.start + 1))


class Plateau(Schedule):
    """Less whenever validation has not improved for a while.

    Options:
        shrink: what the rate is multiplied by
        patience: validations without improvement that are let pass
        warmup: steps until the full rate
    """

    name = "plateau"

    def __init__(
        self, *, shrink: Probability = 0.5, patience: Count = 2, warmup: Count = 0
    ) -> None:
        self.shrink = shrink
        self.patience = patience
        self.warmup = warmup
        self.best = math.inf
        self.waited = 0
        self.scale = 1.0

    def factor(self, step: int, epoch: float, done: float) -> float:
        return self.scale * min(1.0, step / max(1, self.warmup))

    def validated(self, value: float) -> None:
        if value < self.best:
            self.best = value
            self.waited = 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.scale *= self.shrink
            self.waited = 0

    def remembered(self) -> dict[str, float]:
        return {"best": self.best, "waited": self.waited, "scale": self.scale}

    def recall(self, remembered: dict[str, float]) -> None:
        self.best = remembered["best"]
        self.waited = int(remembered["waited"])
        self.scale = remembered["scale"]


class Cosine(Schedule):
    """Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5: half a wave, once or again and again.

        f = floor + (1 - floor) (1 + cos(pi part)) / 2      part = share of the cycle that is done

    The whole training goes by train.epochs, or by train.steps where that ends sooner.

    Options:
        warmup: steps until the full rate, before the first cycle only
        floor: share of the rate that is left at the end
        cycles: equal parts of the training, each of which begins at the full rate again
    """

    name = "cosine"

    def __init__(
        self, *, warmup: Count = 0, floor: Probability = 0.0, cycles: Positive = 1
    ) -> None:
        self.warmup = warmup
        self.floor = floor
        self.cycles = cycles

    def factor(self, step: int, epoch: float, done: float) -> float:
        over = min(math.floor(done * self.cycles), self.cycles - 1)
        part = done * self.cycles - over
        wave = self.floor + (1 - self.floor) * (1 + math.cos(math.pi * part)) / 2
        return wave * min(1.0, step / max(1, self.warmup))
