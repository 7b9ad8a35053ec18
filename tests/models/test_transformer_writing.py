"""The Transformer's fast way of writing against its own plain step."""

from __future__ import annotations

import pytest
import torch

from attncli.models.decoded import Source
from attncli.models.transformer import Transformer
from attncli.models.transformer_writing import TransformerWriting
from attncli.models.writing import PlainWriting
from attncli.registry import Choice
from attncli.search import Search

SIZES = {"heads": 2, "dim": 16, "feed_forward": 24, "layers": 2, "dropout": 0.3}
SHAPES = {
    "pre": {"norm": "pre"},
    "post": {"norm": "post"},
    "window": {"window": 2},
    "narrow keys": {"key_dim": 3},
    "learned": {"positions": Choice("positions", "learned")},
    "three layers below": {"decoder_layers": 3},
}


def model_of(**options):
    torch.manual_seed(3)
    return Transformer(40, 30, **{**SIZES, **options}).eval()


def source():
    torch.manual_seed(4)
    mask = torch.ones(4, 7, dtype=torch.bool)
    mask[1, 4:] = mask[3, 2:] = False
    return Source(torch.randint(4, 40, (4, 7)).masked_fill(~mask, 0), mask)


def both(model, queries, steps=9):
    """The fast writing and the plain one of the same sentences, and their first state."""
    writings = []
    for kind in (type(model).writing, super(Transformer, model).writing.__func__):
        memories, state = model.encode(source())
        writings.append(kind(model, memories, queries, steps, False))
    state = {name: part.expand(4, queries, *part.shape[2:]) for name, part in state.items()}
    assert isinstance(writings[0], TransformerWriting)
    assert isinstance(writings[1], PlainWriting)
    return writings, [state, state]


def reordered(state, order):
    return {name: torch.stack([part[i, o] for i, o in enumerate(order)]) for name, part in state}


@torch.no_grad()
@pytest.mark.parametrize("queries", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_equals_the_plain_step_while_beams_cross_and_sentences_leave(shape, queries):
    model = model_of(**SHAPES[shape])
    writings, states = both(model, queries)
    draw = torch.Generator().manual_seed(5)
    batch = 4
    for step in range(9):
        token = torch.randint(4, 30, (batch, queries), generator=draw)
        steps = [one.step(token, s, False) for one, s in zip(writings, states, strict=True)]
        torch.testing.assert_close(steps[0].hidden, steps[1].hidden)
        order = torch.randint(0, queries, (batch, queries), generator=draw)
        states = [reordered(one.state.items(), order) for one in steps]
        if step in (2, 5):
            left = torch.arange(batch)[torch.arange(batch) != 1]
            batch -= 1
            states = [{name: part[left] for name, part in state.items()} for state in states]
            for one in writings:
                one.keep(left)


@pytest.mark.parametrize("beam", [1, 4])
def test_a_search_finds_the_same_either_way(beam):
    model = model_of()
    search = Search(beam=beam, max_extra=5)
    fast, plain = search.find(model, source()), search.find(model, source(), look=True)
    for ours, theirs in zip(fast, plain, strict=True):
        assert [one.ids for one in ours] == [one.ids for one in theirs]
        assert ours[0].log_prob == pytest.approx(theirs[0].log_prob, abs=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"attention": Choice("attention", "additive")},
        {
            "attention": Choice(
                "attention", "scaled-dot", {"normalize": Choice("normalizer", "sparsemax")}
            )
        },
        {"output": Choice("output", "copy")},
    ],
)
def test_what_is_no_plain_product_goes_by_the_plain_step(options):
    model = model_of(**options)
    memories, _ = model.encode(source())
    assert isinstance(model.writing(memories, 2, 5, look=False), PlainWriting)


def test_a_model_in_training_or_looked_at_goes_by_the_plain_step():
    model = model_of()
    memories, _ = model.encode(source())
    assert isinstance(model.writing(memories, 2, 5, look=True), PlainWriting)
    model.train()
    assert isinstance(model.writing(memories, 2, 5, look=False), PlainWriting)
