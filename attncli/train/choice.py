"""The last choice of training: which checkpoint translates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attncli.train.checkpoints import Checkpoints, Progress
from attncli.train.validation import Validation


@dataclass(frozen=True)
class Choice:
    """A checkpoint, and why it was taken."""

    name: str
    record: dict[str, float | None]  # for metrics.jsonl
    said: str


def choose(
    checkpoints: Checkpoints, progress: Progress, best: str, validate: Callable[[], Validation]
) -> Choice:
    """The model kept as `best`, or the mean of the last, where that does better.

    The mean is kept as `average`. `validate` scores the model as it will translate.
    """
    with checkpoints.mean_model() as count:
        if count < 2:
            return Choice(best, {}, "")
        checkpoints.keep("average", progress)
        mean = validate()
    with checkpoints.model_of(best):
        single = validate()
    is_better = mean.value > single.value
    return Choice(
        "average" if is_better else best,
        {
            "average_loss": mean.loss,
            "average_bleu": mean.bleu,
            "best_loss": single.loss,
            "best_bleu": single.bleu,
        },
        f"valid {mean.figure} of the mean of the last {count} models, {single.figure} of the best "
        f"one; the {'mean' if is_better else 'best one'} translates",
    )
