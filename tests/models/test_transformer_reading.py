"""The Transformer's fast way of reading against its own layers."""

from __future__ import annotations

import math

import pytest
import torch

from attncli.models.transformer import Transformer
from attncli.models.transformer_reading import attend_within
from attncli.registry import Choice

SIZES = {"heads": 2, "dim": 16, "feed_forward": 24, "layers": 2, "dropout": 0.3}
SHAPES = {
    "pre": {"norm": "pre"},
    "post": {"norm": "post"},
    "narrow keys": {"key_dim": 3},
    "learned": {"positions": Choice("positions", "learned")},
    "three layers below": {"layers": 3, "decoder_layers": 1},
}


def model_of(**options):
    torch.manual_seed(3)
    model = Transformer(40, 30, **{**SIZES, **options}).eval()
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight)  # they begin as zeros
    return model


def sentences(length):
    torch.manual_seed(4)
    mask = torch.ones(4, length, dtype=torch.bool)
    mask[1, 4:] = mask[3, 2:] = False
    return torch.randint(4, 40, (4, length)).masked_fill(~mask, 0), mask


@torch.no_grad()
@pytest.mark.parametrize("length", [5, 7, 12, 16])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_frozen_model_reads_what_its_layers_read(shape, length):
    model = model_of(**SHAPES[shape])
    ids, mask = sentences(length)
    plain = model.states(ids, mask)
    model.freeze()
    assert len(model.reading) == len(list(model.encoder_layers))
    torch.testing.assert_close(model.states(ids, mask)[mask], plain[mask])


@torch.no_grad()
def test_what_is_no_word_is_not_looked_at():
    model = model_of()
    model.freeze()
    ids, mask = sentences(12)
    other = ids.masked_fill(~mask, 7)
    torch.testing.assert_close(model.states(other, mask)[mask], model.states(ids, mask)[mask])


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 7, 8, 15, 16, 17])
def test_places_that_fill_up_a_block_are_not_looked_at(length):
    torch.manual_seed(5)
    query, key, value = (torch.randn(3, length, 8) for _ in range(3))
    reach = torch.zeros(3, 1, length, length)
    reach[1, ..., length // 2 + 1 :] = -math.inf
    heads = [part.view(3, length, 2, 4).transpose(1, 2) for part in (query, key, value)]
    scores = heads[0] @ heads[1].mT / 2 + reach
    plain = (scores.softmax(-1) @ heads[2]).transpose(1, 2).flatten(2)
    torch.testing.assert_close(attend_within(query, key, value, 2, reach), plain)


@torch.no_grad()
def test_a_word_that_sees_nothing_in_its_window_leaves_no_mark():
    model = model_of(window=1)
    model.freeze()
    assert not model.reading
    ids, mask = sentences(12)  # words 4 to 11 of one sentence are padding
    assert model.states(ids, mask).isfinite().all()


@torch.no_grad()
def test_heads_that_are_no_products_read_layer_by_layer():
    model = model_of(self_attention=Choice("attention", "additive"))
    ids, mask = sentences(7)
    before = model.states(ids, mask)
    model.freeze()
    assert not model.reading
    torch.testing.assert_close(model.states(ids, mask), before)


@torch.no_grad()
def test_a_frozen_model_still_keeps_what_it_looks_at():
    model = model_of()
    model.freeze()
    ids, mask = sentences(7)
    states, traces = model.read(ids, mask, look=True)
    assert len(traces) == 2
    torch.testing.assert_close(states[mask], model.states(ids, mask)[mask])


@torch.no_grad()
def test_a_model_in_training_drops_what_it_drops():
    model = model_of()
    model.freeze()
    ids, mask = sentences(7)
    model.train()
    assert not torch.equal(model.states(ids, mask), model.states(ids, mask))
