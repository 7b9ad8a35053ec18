"""Sparse normalizers against worked numbers, their definition, and finite differences."""

from __future__ import annotations

import pytest
import torch

from attncli import registry
from attncli.attention.dot import ScaledDot
from attncli.registry import Choice
from tests.attention import contract

NAMES = registry.names("normalizer")
every_normalizer = pytest.mark.parametrize("name", NAMES)
ALPHAS = [1.2, 1.5, 1.7, 2.0, 3.0]


def weights_of(scores, mask=None, name="entmax", **options):
    scores = torch.tensor(scores, dtype=torch.float64) if isinstance(scores, list) else scores
    mask = torch.ones_like(scores, dtype=torch.bool) if mask is None else torch.tensor(mask)
    return registry.find("normalizer", name)(**options)(scores, mask)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("softmax", [0.0486, 0.3592, 0.5922]),
        ("sparsemax", [0.0, 0.25, 0.75]),
        ("entmax15", [0.0, 0.3260, 0.6740]),
    ],
)
def test_three_scores_worked_by_hand(name, expected):
    weights = weights_of([[[-2.0, 0.0, 0.5]]], name=name)
    torch.testing.assert_close(
        weights, torch.tensor([[expected]], dtype=torch.float64), atol=1e-4, rtol=0
    )


def by_definition(scores, alpha):
    """Weights of one row: tau searched for by halving, over Python's numbers."""
    low, high = (alpha - 1) * max(scores) - 1, (alpha - 1) * max(scores)
    for _ in range(200):
        tau = (low + high) / 2
        shares = [max((alpha - 1) * one - tau, 0.0) ** (1 / (alpha - 1)) for one in scores]
        low, high = (tau, high) if sum(shares) >= 1 else (low, tau)
    return shares


@pytest.mark.parametrize("alpha", ALPHAS)
def test_entmax_is_its_definition(alpha):
    torch.manual_seed(0)
    scores = torch.randn(4, 5, 9, dtype=torch.float64) * 2
    weights = weights_of(scores, alpha=alpha)
    for row, expected in zip(weights.flatten(0, 1), scores.flatten(0, 1), strict=True):
        shares = torch.tensor(by_definition(expected.tolist(), alpha), dtype=torch.float64)
        torch.testing.assert_close(row, shares, atol=1e-9, rtol=0)
    assert (weights == 0).any()


@pytest.mark.parametrize("alpha", [1.5, 2.0])
def test_the_exact_solutions_agree_with_bisection(alpha):
    torch.manual_seed(1)
    scores = torch.randn(3, 4, 30, dtype=torch.float64)
    near = weights_of(scores, alpha=alpha + 1e-9)
    torch.testing.assert_close(weights_of(scores, alpha=alpha), near, atol=1e-7, rtol=0)


def test_entmax_near_one_is_softmax():
    scores = torch.linspace(-1, 1, 5, dtype=torch.float64).view(1, 1, 5)
    weights = weights_of(scores, alpha=1.05)
    torch.testing.assert_close(weights, scores.softmax(-1), atol=0.02, rtol=0)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_its_gradient_is_that_of_finite_differences(alpha):
    torch.manual_seed(2)
    scores = torch.randn(2, 3, 6, dtype=torch.float64, requires_grad=True)
    mask = torch.ones(2, 1, 6, dtype=torch.bool)
    mask[1, :, 4:] = False
    normalizer = registry.find("normalizer", "entmax")(alpha=alpha)
    assert torch.autograd.gradcheck(lambda s: normalizer(s, mask), (scores,), atol=1e-4)


@every_normalizer
def test_what_is_masked_changes_nothing_and_gets_nothing(name):
    mask = [[[True, False, True, False], [False] * 4]]
    scores = [[[0.3, 9.0, 0.1, -9.0], [1.0, 2.0, 3.0, 4.0]]]
    weights = weights_of(scores, mask, name)
    assert weights[0, 0, [1, 3]].tolist() == [0, 0]
    assert weights[0, 1].tolist() == [0] * 4
    alone = weights_of([[[0.3, 0.1]]], name=name)
    torch.testing.assert_close(weights[0, 0, [0, 2]], alone[0, 0])


@every_normalizer
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_loud_and_equal_scores_stay_shares(name, dtype):
    scores = torch.tensor([[[1e30, -1e30, 1e30, 0.0], [0.0] * 4]], dtype=dtype, requires_grad=True)
    weights = weights_of(scores, name=name)
    expected = torch.tensor([[[0.5, 0.0, 0.5, 0.0], [0.25] * 4]], dtype=dtype)
    torch.testing.assert_close(weights, expected)
    (weights * scores.detach().sign()).sum().backward()
    assert scores.grad.isfinite().all()


CONCERNED = [
    contract.weights_are_shares,
    contract.padding_is_never_read,
    contract.more_padding_changes_nothing,
    contract.every_parameter_learns,
    contract.gradients_are_right,
    contract.large_scores_stay_finite,
    contract.bfloat16_stays_finite,
    contract.one_word_is_enough,
    contract.nothing_to_read_gives_nothing,
]


class Normalized(ScaledDot):
    def __init__(self, query_dim, memory_dim):
        super().__init__(query_dim, memory_dim, normalize=Choice("normalizer", self.normalizer))


@pytest.mark.parametrize("check", CONCERNED, ids=lambda check: check.__name__)
@every_normalizer
def test_an_attention_keeps_its_contract_under_any_normalizer(name, check):
    check(contract.Subject.of(type("Under", (Normalized,), {"normalizer": name})))
