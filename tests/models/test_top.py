"""The two rounds of selection give what one sort gives."""

from __future__ import annotations

import pytest
import torch

from attncli.models.top import FEW, GROUP, MANY, top


@pytest.mark.parametrize("vocab", [3, GROUP, 6 * GROUP, 6 * GROUP + 1, 20 * GROUP, 20 * GROUP + 17])
@pytest.mark.parametrize("k", [1, 2, 6, FEW + 1])
@pytest.mark.parametrize("rows", [(4, 3), (1, 1), (MANY, 2)])
def test_it_is_the_head_of_a_sort(rows, vocab, k):
    torch.manual_seed(vocab + k)
    scores = torch.randn(*rows, vocab)
    values, indices = top(scores, k)
    ordered, places = scores.sort(-1, descending=True)
    assert torch.equal(values, ordered[..., :k])
    assert torch.equal(indices, places[..., :k])


def test_the_largest_may_all_lie_in_one_group_or_behind_the_last():
    scores = torch.zeros(2, 10 * GROUP + 5)
    scores[0, 3 * GROUP : 3 * GROUP + 4] = torch.tensor([4.0, 3.0, 2.0, 1.0])
    scores[1, -4:] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    _, indices = top(scores, 4)
    assert indices[0].tolist() == [3 * GROUP + place for place in range(4)]
    assert indices[1].tolist() == [10 * GROUP + place for place in (4, 3, 2, 1)]


@pytest.mark.parametrize("rows", [2, MANY])
def test_where_few_numbers_are_finite_no_place_is_given_twice(rows):
    scores = torch.full((rows, 8 * GROUP), -torch.inf)
    scores[:, 0], scores[:, 3 * GROUP] = 1.0, 2.0
    values, indices = top(scores, 4)
    assert values[0].tolist() == [2.0, 1.0, -torch.inf, -torch.inf]
    assert indices[0, :2].tolist() == [3 * GROUP, 0]
    assert {len(set(row)) for row in indices.tolist()} == {4}


def test_a_row_that_is_no_numbers_leaves_the_others_alone():
    torch.manual_seed(1)
    scores = torch.randn(MANY, 8 * GROUP)
    scores[3] = torch.nan
    values, indices = top(scores, 4)
    assert values[3].isnan().any()
    others = [row for row in range(MANY) if row != 3]
    assert torch.equal(indices[others], scores[others].topk(4).indices)


def test_numbers_of_half_the_digits_are_compared_as_well():
    scores = torch.randn(3, 5 * GROUP).bfloat16()
    for k in (1, 3):
        assert torch.equal(top(scores, k)[0], scores.topk(k).values)


def test_the_largest_number_has_a_gradient():
    scores = torch.tensor([[0.0, 3.0, 1.0], [2.0, 0.0, 1.0]], requires_grad=True)
    values, indices = top(scores, 1)
    values.sum().backward()
    assert indices.tolist() == [[1], [0]]
    assert scores.grad.tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]


def test_of_equal_numbers_the_first_is_the_largest():
    scores = torch.zeros(2, 3 * GROUP)
    scores[0, [5, 9]] = scores[1, [GROUP + 1, 2 * GROUP]] = 1.0
    assert top(scores, 1)[1].tolist() == [[5], [GROUP + 1]]
