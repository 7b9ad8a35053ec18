"""Attention made to look elsewhere: at those positions, in every reader, and only for a while."""

from __future__ import annotations

import pytest
import torch

from attncli.explain.steering import steered
from attncli.models.base import Seq2Seq
from attncli.search import Search
from tests.models.builders import everything, source

MODELS = everything()
TARGET = torch.tensor([[1, 5, 6, 7, 8]])


def look(model: Seq2Seq):
    with torch.inference_mode():
        return model(source(4), TARGET, True)


def log_probs(model: Seq2Seq, decoded):
    with torch.inference_mode():
        return model.output.log_probs(decoded, source(4))


LOOKING = [name for name, model in MODELS.items() if look(model).weights is not None]


@pytest.mark.parametrize("name", LOOKING)
def test_every_head_gets_the_given_weights_from_there_on(name):
    model = MODELS[name]
    plain = look(model)
    wanted = torch.tensor([0.0, 0.25, 0.75, 0.0])
    with steered(model, {2: wanted}):
        given = look(model)
    assert torch.equal(given.weights[:, :, :, 2], wanted.expand_as(given.weights[:, :, :, 2]))
    before, after, again = (log_probs(model, one) for one in (plain, given, look(model)))
    torch.testing.assert_close(after[:, :2], before[:, :2])
    assert not torch.allclose(after[:, 2], before[:, 2], atol=1e-5)
    torch.testing.assert_close(again, before)


@pytest.mark.parametrize("name", ["general-after", "mixture-after", "transformer"])
def test_weights_of_nothing_take_the_source_away(name):
    model = MODELS[name]
    blind = {position: torch.zeros(4) for position in range(5)}
    first, second = source(4), source(4)
    second.ids[:, 0] = 9
    with torch.inference_mode(), steered(model, blind):
        looked = model(first, TARGET, True).weights
        found = [Search(beam=2).find(model, one, look=True)[0][0] for one in (first, second)]
    assert not looked.any()
    assert all((one.weights[:, :, :5] == 0).all() for one in found)
