"""Ids as vectors: rows of a table, or the digits of numbers."""

from __future__ import annotations

import pytest
import torch

from attncli import registry
from attncli.errors import UsageError
from attncli.marks import EOS, FIRST, UNK
from attncli.registry import Choice
from tests.models.builders import recurrent

VOCAB = FIRST + 1000


def digits():
    torch.manual_seed(1)
    return registry.find("vectors", "digits")(VOCAB, 6, False)


@pytest.mark.parametrize("name", registry.names("vectors"))
@torch.no_grad()
def test_an_id_beyond_the_vocabulary_is_the_unknown_word(name):
    table = registry.find("vectors", name)(VOCAB, 6, False)
    found = table(torch.tensor([UNK, VOCAB, VOCAB + 7, FIRST]))
    torch.testing.assert_close(found[1:3], found[:1].expand(2, 6))
    assert not torch.allclose(found[0], found[3])


@torch.no_grad()
def test_a_number_is_the_sum_of_its_digits_by_place():
    """372 - 302 + 401 - 471 has every digit of every place once with each sign."""
    table = digits()
    first, second, third, fourth = table(FIRST + torch.tensor([372, 302, 401, 471]))
    torch.testing.assert_close(first - second + third - fourth, torch.zeros(6))
    assert not torch.allclose(first, third)


@torch.no_grad()
def test_every_number_and_every_mark_has_a_vector_of_its_own():
    found = digits()(torch.arange(VOCAB))
    assert found.shape == (VOCAB, 6)
    assert len(torch.unique(found, dim=0)) == VOCAB
    torch.testing.assert_close(digits()(torch.tensor([[EOS]])), found[EOS].view(1, 1, 6))


def test_digits_cannot_be_shared_with_a_layer_of_words():
    with pytest.raises(UsageError, match=r"model\.vectors=table"):
        recurrent(vectors=Choice("vectors", "digits"), tied="all", embedding=16)
