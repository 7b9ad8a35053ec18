"""What an estimator gets, what it gives, and the one that needs no estimate."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source


class Pass(NamedTuple):
    """A model over one batch in training."""

    model: Seq2Seq
    source: Source
    inputs: Tensor  # (batch, tgt_len), what the decoder reads
    target: Tensor  # (batch, tgt_len), what it is to write
    mask: Tensor  # (batch, tgt_len), True at real words
    decoded: Decoded


class Term(NamedTuple):
    """A term of the loss beside the words' cross-entropy."""

    weight: float
    total: Tensor  # summed over the words of the batch


class Estimator(nn.Module):
    """Makes terms of the loss from what the model's mechanisms bring by name."""

    family: ClassVar[str] = "estimator"
    name: ClassVar[str | None] = None

    def forward(self, seen: Pass) -> dict[str, Term]:
        """The terms of one batch.

        Raises:
            UsageError: the model's attention and this estimator do not go together.
        """
        raise NotImplementedError


class Backprop(Estimator):
    """The exact gradient; every term that a mechanism brings is added as it is.

    L = - sum_t log p(y_t)  +  sum_t term_t
    """

    name = "backprop"

    def forward(self, seen: Pass) -> dict[str, Term]:
        if "log_prob" in seen.decoded.losses:
            raise UsageError(
                "this attention draws positions, through which no gradient passes: "
                "set objective.estimator=reinforce"
            )
        return summed(seen.decoded.losses, seen.mask)


def summed(losses: dict[str, Tensor], mask: Tensor) -> dict[str, Term]:
    """Terms of weight one, each summed over the real words."""
    return {name: Term(1.0, (term * mask).sum()) for name, term in losses.items()}


def word_log_probs(seen: Pass, decoded: Decoded) -> Tensor:
    """log p(y_t) in nats of each right word as it was decoded, 0 at padding: (batch, tgt_len)."""
    return seen.model.output.score(decoded, seen.source, seen.target).float() * seen.mask
