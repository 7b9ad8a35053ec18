"""Attentions that are wrong on purpose: each must be caught by the check that names its fault."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attncli.attention.additive import Additive
from attncli.attention.base import Attended, Memory, State, next_step
from attncli.attention.dot import Dot, General
from attncli.attention.hard import Hard
from tests.attention import contract


class IgnoresTheMask(General):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        weights = self.score(query, memory, state).softmax(-1)
        return Attended(weights @ memory.values, weights, next_step(state), {}, {})


class InvertsTheMask(General):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        return super().forward(query, memory._replace(mask=~memory.mask), state)


class MixesTheBatch(General):
    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return super().score(query + query.mean(0), memory, state)


class RemembersOnSelf(General):
    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        scores = super().score(query, memory, state)
        previous = getattr(self, "previous", torch.zeros_like(scores))
        self.previous = scores.detach()
        return scores + previous


class ReadsThePaddingAsLength(General):
    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return super().score(query, memory, state).roll(1, -1)


class HasADeadParameter(General):
    def __init__(self, query_dim: int, memory_dim: int) -> None:
        super().__init__(query_dim, memory_dim)
        self.dead = nn.Parameter(torch.ones(3))


class SwapsKeysAndValues(Additive):
    def __init__(self, query_dim: int, memory_dim: int) -> None:
        super().__init__(query_dim, memory_dim, dim=memory_dim)

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        attended = super().forward(query, memory, state)
        return attended._replace(context=attended.weights @ memory.keys)


class OverflowsInSoftmax(Dot):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        grown = self.score(query, memory, state).exp() * memory.mask
        weights = grown / grown.sum(-1, keepdim=True).clamp(min=1e-9)
        return Attended(weights @ memory.values, weights, next_step(state), {}, {})


class NormalizesOverQueries(General):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        weights = self.score(query, memory, state).softmax(1) * memory.mask
        return Attended(weights @ memory.values, weights, next_step(state), {}, {})


class DropsOutInEvaluation(General):
    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return nn.functional.dropout(super().score(query, memory, state), 0.5, training=True)


class ReadsAnotherWay(General):
    def read(self, query: Tensor, memory: Memory, state: State) -> tuple[Tensor, State]:
        return memory.values.mean(1, keepdim=True).expand(-1, query.size(1), -1), next_step(state)


class LooksAtTheFirstWordOnly(General):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        first = torch.zeros_like(memory.mask)
        first[..., 0] = True
        return super().forward(query, memory._replace(mask=memory.mask & first), state)


class NeverAdvances(General):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        return super().forward(query, memory, state)._replace(state=state)


class DependsOnOtherQueries(General):
    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return super().score(query - query.mean(1, keepdim=True), memory, state)


class ClaimsToWaitForItsLastStep(General):
    sequential = True


class DetachesTheScores(General):
    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        return super().score(query, memory, state).detach()


class DrawsUnsaid(Hard):
    sampled = False


class DrawsWithoutALogProbability(Hard):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        attended = super().forward(query, memory, state)
        return attended._replace(losses={"entropy": attended.trace["entropy"]})


class DrawsInEvaluation(Hard):
    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        self.training = True
        return super().forward(query, memory, state)


CAUGHT = [
    (IgnoresTheMask, contract.padding_is_never_read),
    (InvertsTheMask, contract.padding_is_never_read),
    (MixesTheBatch, contract.sentences_do_not_mix),
    (RemembersOnSelf, contract.nothing_is_remembered_on_self),
    (ReadsThePaddingAsLength, contract.more_padding_changes_nothing),
    (ReadsThePaddingAsLength, contract.a_permuted_source_permutes_the_weights),
    (HasADeadParameter, contract.every_parameter_learns),
    (SwapsKeysAndValues, contract.context_is_the_weighted_sum),
    (OverflowsInSoftmax, contract.large_scores_stay_finite),
    (NormalizesOverQueries, contract.weights_are_shares),
    (DropsOutInEvaluation, contract.evaluation_is_deterministic),
    (ReadsAnotherWay, contract.reading_equals_looking),
    (LooksAtTheFirstWordOnly, contract.real_words_are_read),
    (NeverAdvances, contract.the_target_position_advances),
    (DependsOnOtherQueries, contract.steps_at_once_equal_steps_one_by_one),
    (DependsOnOtherQueries, contract.a_reordered_beam_gives_reordered_looks),
    (ClaimsToWaitForItsLastStep, contract.the_last_step_matters_where_that_is_claimed),
    (DetachesTheScores, contract.gradients_are_right),
    (DrawsUnsaid, contract.only_what_is_sampled_draws),
    (DrawsWithoutALogProbability, contract.only_what_is_sampled_draws),
    (DrawsInEvaluation, contract.evaluation_is_deterministic),
]


@pytest.mark.parametrize(("kind", "check"), CAUGHT, ids=lambda value: value.__name__)
def test_a_wrong_attention_is_caught(kind, check):
    with pytest.raises((AssertionError, RuntimeError, KeyError)):
        check(contract.Subject.of(kind))


def test_each_right_parent_passes_what_its_wrong_child_fails():
    for kind, check in CAUGHT:
        check(contract.Subject.of(kind.__bases__[0]))
