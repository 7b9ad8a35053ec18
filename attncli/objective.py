"""What training minimises: the words' cross-entropy, and named terms that a mechanism brings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.estimators.base import Estimator, Pass, Term
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source
from attncli.registry import Choice, Probability, Range
from attncli.text.piece_model import BOS, PAD


class Losses(NamedTuple):
    """Sums over the words of a batch."""

    total: Tensor  # what is minimised; has a gradient
    nll: Tensor  # negative log-likelihood of the right words, in nats
    parts: dict[str, Tensor]  # each further term, before its weight


class Objective(nn.Module):
    """Label-smoothed cross-entropy, the mechanism's own terms, and guided alignment.

        L = sum_t (1 - e) (-log p(y_t)) + e / V sum_v (-log p(v))
            + sum_i w_i term_i + g sum_t guided_t

    Guided alignment (Chen et al. 2016, arXiv 1607.01628) draws the weights to gold links, where
    the data has them: guided_t = - sum_s gold_ts log a_ts, over the words that have a link.

    Options:
        label_smoothing: share of the probability spread over the vocabulary
        guided: weight of guided alignment; needs data with gold links
        terms: w_i, the weight of a mechanism's term by its name; where none is said it is one
        estimator: how a gradient reaches an attention that draws positions
    """

    def __init__(
        self,
        *,
        label_smoothing: Probability = 0.1,
        guided: Annotated[float, Range(0)] = 0.0,
        terms: Mapping[str, float] = MappingProxyType({}),
        estimator: Annotated[Choice, "estimator"] = Choice("estimator", "backprop"),
    ) -> None:
        super().__init__()
        self.estimator: Estimator = estimator.build()
        self.label_smoothing = label_smoothing
        self.guided = guided
        self.weights = dict(terms)

    def forward(
        self, model: Seq2Seq, source: Source, target: Tensor, links: Tensor | None
    ) -> Losses:
        """The losses of targets (batch, tgt_len), which end in EOS and are padded.

        `links` (batch, tgt_len, src_len) are gold links, each linked row summing to one.
        """
        inputs, mask = shifted(target), target != PAD
        decoded: Decoded = model(source, inputs, self.guided > 0)
        words = model.output.nll(decoded, source, target, mask, self.label_smoothing)
        brought = self.estimator(Pass(model, source, inputs, target, mask, decoded))
        terms = self.weighted(brought)
        if self.guided:
            if any(attention.sampled for attention in model.readers()):
                raise UsageError(
                    "objective.guided needs weights with a gradient; this attention draws positions"
                )
            terms["guided"] = Term(self.guided, guided_alignment(decoded, links))
        total = words.loss + sum(term.weight * term.total for term in terms.values())
        parts = {name: term.total.detach() for name, term in terms.items()}
        return Losses(total, words.nll, parts)

    def weighted(self, terms: dict[str, Term]) -> dict[str, Term]:
        """The terms with the weights that the recipe gives them.

        Raises:
            UsageError: a weight is given to a term that nothing brings.
        """
        for name in self.weights:
            if name not in terms:
                what = ", ".join(terms) or "none"
                raise UsageError(
                    f"objective.terms.{name}: no such term; this model brings {what} (a mechanism "
                    "that has a loss may have to be asked for it: model.attention.loss=true)"
                )
        return {
            name: Term(term.weight * self.weights.get(name, 1.0), term.total)
            for name, term in terms.items()
        }


def shifted(target: Tensor) -> Tensor:
    """What the decoder reads to write `target`: a start, then every word but the last."""
    start = target.new_full((target.size(0), 1), BOS)
    return torch.cat([start, target[:, :-1]], 1)


def guided_alignment(decoded: Decoded, links: Tensor | None) -> Tensor:
    """- sum over linked rows of gold . log weights; heads and layers count by their mean.

    Raises:
        UsageError: there are no weights, or no gold links.
    """
    if decoded.weights is None:
        raise UsageError("objective.guided needs weights, and this model has no attention")
    if links is None:
        raise UsageError(
            "objective.guided needs gold links, and the data has none (train.align beside its text)"
        )
    weights = decoded.weights.flatten(1, 2).mean(1)  # (batch, tgt_len, src_len)
    return -(links * weights.clamp(min=1e-9).log()).sum()
