"""What every attention must hold, each as one check on freshly built random parameters.

A check gets a `Subject` and fails by AssertionError. test_contract.py runs all of them on every
registered attention; test_contract_catches.py feeds them attentions that are wrong on purpose.
An attention that is `sampled` reads one position, so that what asks for gradients, or for every
word, is asked of its expectation; tests/attention/test_hard.py has what its draws must hold.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from attncli import schema
from attncli.attention.base import (
    Attended,
    Attention,
    Memory,
    State,
    all_steps,
    next_step,
    reordered,
)
from attncli.attention.expectation import expectation

BATCH, QUERIES, SRC_LEN, QUERY_DIM, MEMORY_DIM = 3, 5, 7, 8, 12


@dataclass
class Subject:
    """An attention under test, and inputs of which all sizes differ."""

    attention: Attention
    query: Tensor
    states: Tensor
    mask: Tensor

    @classmethod
    def of(cls, kind: type[Attention], dtype: torch.dtype = torch.float32) -> Subject:
        torch.manual_seed(3)
        query_dim = MEMORY_DIM if kind.equal_sizes else QUERY_DIM
        attention = kind(query_dim, MEMORY_DIM).to(dtype)
        for parameter in attention.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
        mask = torch.ones(BATCH, SRC_LEN, dtype=torch.bool)
        mask[1, 4:] = False
        mask[2, 1:] = False
        states = torch.randn(BATCH, SRC_LEN, MEMORY_DIM, dtype=dtype) * mask.unsqueeze(-1)
        query = torch.randn(BATCH, QUERIES, query_dim, dtype=dtype)
        return cls(attention.eval(), query, states, mask)

    def memory(self) -> Memory:
        return self.attention.remember(self.states, self.mask)

    def state(self) -> State:
        """A start state for each query, as the hypotheses of a beam have it."""
        start = self.attention.start(self.memory())
        return {n: part.expand(BATCH, QUERIES, *part.shape[2:]) for n, part in start.items()}

    def look(self) -> Attended:
        attended: Attended = self.attention(self.query, self.memory(), self.state())
        return attended

    def with_states(self, states: Tensor, mask: Tensor | None = None) -> Subject:
        return Subject(self.attention, self.query, states, self.mask if mask is None else mask)


def assert_equal(left: Tensor | None, right: Tensor | None, tolerance: float = 1e-5) -> None:
    assert (left is None) == (right is None)
    if left is not None and right is not None:
        torch.testing.assert_close(left, right, atol=tolerance, rtol=tolerance)


def has_the_declared_shapes(subject: Subject) -> None:
    attended = subject.look()
    assert attended.context.shape == (BATCH, QUERIES, subject.attention.context_dim)
    if attended.weights is not None:
        assert attended.weights.shape == (BATCH, QUERIES, SRC_LEN)
    for part in (*attended.state.values(), *attended.trace.values(), *attended.losses.values()):
        assert part.shape[:2] == (BATCH, QUERIES)


def weights_are_shares(subject: Subject) -> None:
    weights = subject.look().weights
    if weights is None:
        return
    assert (weights >= 0).all()
    total = weights.sum(-1)
    if subject.attention.normalized:
        assert_equal(total, torch.ones_like(total))
    else:
        assert (total <= 1 + 1e-5).all()


def padding_is_never_read(subject: Subject) -> None:
    noise = torch.randn_like(subject.states) * 5 * ~subject.mask.unsqueeze(-1)
    noisy = subject.with_states(subject.states + noise)
    assert_equal(noisy.look().context, subject.look().context)
    weights = noisy.look().weights
    if weights is not None:
        assert (weights.masked_select(~subject.mask.unsqueeze(1)) == 0).all()


def more_padding_changes_nothing(subject: Subject) -> None:
    states = torch.nn.functional.pad(subject.states, (0, 0, 0, 5), value=2.0)
    longer = subject.with_states(states, torch.nn.functional.pad(subject.mask, (0, 5)))
    assert_equal(longer.look().context, subject.look().context)
    weights, more = subject.look().weights, longer.look().weights
    if weights is not None and more is not None:
        assert_equal(more[..., :SRC_LEN], weights)


@expectation()
def real_words_are_read(subject: Subject) -> None:
    """Each real position matters somewhere, unless nothing is looked at or a window ends."""
    if subject.look().weights is None:
        return
    moved = subject.with_states(subject.states.clone())
    moved.states[0, SRC_LEN - 1] += 1.0
    assert not torch.allclose(moved.look().context[0], subject.look().context[0], atol=1e-6)


def sentences_do_not_mix(subject: Subject) -> None:
    states, query = subject.states.clone(), subject.query.clone()
    states[0], query[0] = torch.randn_like(states[0]), torch.randn_like(query[0])
    other = Subject(subject.attention, query, states, subject.mask)
    assert_equal(other.look().context[1:], subject.look().context[1:])


def context_is_the_weighted_sum(subject: Subject) -> None:
    attended, memory = subject.look(), subject.memory()
    if attended.weights is None:
        return
    if "heads" not in attended.trace:
        assert_equal(attended.context, attended.weights @ memory.values)
        assert_equal(memory.values, subject.states)
        return
    heads = attended.trace["heads"].transpose(1, 2)  # (batch, heads, queries, src_len)
    joined = (heads @ memory.values).transpose(1, 2).flatten(2)
    assert_equal(attended.context, subject.attention.get_submodule("join")(joined))
    assert_equal(attended.weights, heads.mean(1))


def a_reordered_beam_gives_reordered_looks(subject: Subject) -> None:
    order = torch.tensor([[2, 0, 3, 3], [1, 1, 0, 2], [3, 2, 1, 0]])
    first = subject.look()
    state = reordered(first.state | {"own": subject.query}, order)
    late = subject.attention(state.pop("own"), subject.memory(), state)
    straight = subject.attention(subject.query, subject.memory(), first.state)
    assert_equal(late.context, reordered({"own": straight.context}, order)["own"])


def nothing_is_remembered_on_self(subject: Subject) -> None:
    before = subject.look()
    names = set(vars(subject.attention))
    weights = copy.deepcopy(subject.attention.state_dict())
    subject.with_states(torch.randn_like(subject.states)).look()
    again = subject.look()
    assert_equal(again.context, before.context, 0.0)
    assert set(vars(subject.attention)) == names
    for name, part in subject.attention.state_dict().items():
        assert_equal(part, weights[name], 0.0)


def a_permuted_source_permutes_the_weights(subject: Subject) -> None:
    if subject.attention.positional:
        return
    order = torch.tensor([3, 5, 1, 0, 6, 2, 4])
    moved = subject.with_states(subject.states[:, order], subject.mask[:, order])
    weights, permuted = subject.look().weights, moved.look().weights
    assert weights is not None
    assert_equal(permuted, weights[..., order])
    assert_equal(moved.look().context, subject.look().context)


@expectation()
def every_parameter_learns(subject: Subject) -> None:
    attended = subject.look()
    after = subject.attention(subject.query + 0.5, subject.memory(), attended.state)
    total = (attended.context * torch.randn_like(attended.context)).sum()
    total = total + (after.context * torch.randn_like(after.context)).sum()
    if not total.requires_grad:
        assert not list(subject.attention.parameters())
        return
    subject.attention.zero_grad()
    total.backward()
    for name, parameter in subject.attention.named_parameters():
        gradient = parameter.grad
        assert gradient is not None, f"{name} gets no gradient"
        assert gradient.isfinite().all(), f"{name} gets a gradient that is not finite"
        assert gradient.abs().sum() > 0, f"{name} gets a gradient of zero"


@expectation()
def gradients_are_right(subject: Subject) -> None:
    exact = Subject.of(type(subject.attention), torch.float64)
    exact.query.requires_grad_()
    exact.states.requires_grad_()

    def context(query: Tensor, states: Tensor) -> Tensor:
        return Subject(exact.attention, query, states, exact.mask).look().context

    if exact.look().context.numel():
        assert torch.autograd.gradcheck(context, (exact.query, exact.states))


def large_scores_stay_finite(subject: Subject) -> None:
    loud = Subject(subject.attention, subject.query * 1e4, subject.states * 1e2, subject.mask)
    loud.query.requires_grad_()
    attended = loud.look()
    assert attended.context.isfinite().all()
    if attended.context.requires_grad:
        attended.context.sum().backward()
        assert loud.query.grad is None or loud.query.grad.isfinite().all()


def bfloat16_stays_finite(subject: Subject) -> None:
    assert Subject.of(type(subject.attention), torch.bfloat16).look().context.isfinite().all()


def one_word_is_enough(subject: Subject) -> None:
    word = subject.with_states(subject.states[:, :1], subject.mask[:, :1])
    attended = word.look()
    assert attended.context.isfinite().all()
    if attended.weights is not None and subject.attention.normalized:
        assert_equal(attended.weights, torch.ones(BATCH, QUERIES, 1))


def nothing_to_read_gives_nothing(subject: Subject) -> None:
    empty = subject.with_states(subject.states, torch.zeros_like(subject.mask))
    attended = empty.look()
    assert attended.context.isfinite().all()
    if attended.weights is not None:
        assert (attended.weights == 0).all()


def evaluation_is_deterministic(subject: Subject) -> None:
    assert_equal(subject.look().context, subject.look().context, 0.0)


def steps_at_once_equal_steps_one_by_one(subject: Subject) -> None:
    if subject.attention.sequential:
        return
    memory = subject.memory()
    state = subject.attention.start(memory)
    at_once = subject.attention(subject.query, memory, all_steps(state, QUERIES))
    for step in range(QUERIES):
        single = subject.attention(subject.query[:, step : step + 1], memory, state)
        assert_equal(single.context, at_once.context[:, step : step + 1])
        state = single.state


def the_last_step_matters_where_that_is_claimed(subject: Subject) -> None:
    if not subject.attention.sequential:
        return
    start, after = subject.state(), subject.look().state
    late = subject.attention(
        subject.query, subject.memory(), {**after, "position": start["position"]}
    )
    assert not torch.allclose(late.context, subject.look().context, atol=1e-6)


def the_target_position_advances(subject: Subject) -> None:
    state = subject.state()
    after = subject.look().state
    assert set(after) == set(state)
    assert_equal(after["position"], next_step(state)["position"], 0.0)


def reading_equals_looking(subject: Subject) -> None:
    context, state = subject.attention.read(subject.query, subject.memory(), subject.state())
    attended = subject.look()
    assert_equal(context, attended.context)
    for name, part in attended.state.items():
        assert_equal(state[name], part)


def only_what_is_sampled_draws(subject: Subject) -> None:
    """In training alone; a draw's log-probability carries the gradient that the draw cannot."""
    assert "log_prob" not in subject.look().losses
    training = Subject(subject.attention.train(), subject.query, subject.states, subject.mask)
    looks = [training.look() for _ in range(5)]
    subject.attention.eval()
    if not subject.attention.sampled:
        assert not any("log_prob" in look.losses for look in looks)
        return
    assert any(not torch.equal(look.context, looks[0].context) for look in looks)
    log_prob, entropy = looks[0].losses["log_prob"], looks[0].losses["entropy"]
    assert (log_prob <= 0).all()
    assert (entropy >= 0).all()
    log_prob.sum().backward()
    assert any(part.grad is not None for part in subject.attention.parameters())


def it_says_what_it_computes(subject: Subject) -> None:
    kind = type(subject.attention)
    said = schema.describe(kind)
    assert said.summary.endswith((".", ")."))
    assert "=" in said.equation
    assert any(character.isdigit() for character in said.paper)
    assert re.fullmatch(r"O\([^()]+\)", kind.cost)
    for name, option in schema.options(kind).items():
        assert option.text, f"{name} is not described"
    assert inspect.getdoc(kind) != inspect.getdoc(Attention)


CHECKS: list[Callable[[Subject], None]] = [
    has_the_declared_shapes,
    weights_are_shares,
    padding_is_never_read,
    more_padding_changes_nothing,
    real_words_are_read,
    sentences_do_not_mix,
    context_is_the_weighted_sum,
    a_reordered_beam_gives_reordered_looks,
    nothing_is_remembered_on_self,
    a_permuted_source_permutes_the_weights,
    every_parameter_learns,
    gradients_are_right,
    large_scores_stay_finite,
    bfloat16_stays_finite,
    one_word_is_enough,
    nothing_to_read_gives_nothing,
    evaluation_is_deterministic,
    steps_at_once_equal_steps_one_by_one,
    the_last_step_matters_where_that_is_claimed,
    the_target_position_advances,
    reading_equals_looking,
    only_what_is_sampled_draws,
    it_says_what_it_computes,
]
