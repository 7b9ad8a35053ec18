"""The Transformer's fast way of writing against its own plain step."""

from __future__ import annotations

import copy

import pytest
import torch

from attncli.models.decoded import Source
from attncli.models.transformer import Transformer
from attncli.models.transformer_rows import on_rows
from attncli.models.transformer_source import ByHead, OfOne, blocked
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


@torch.no_grad()
@pytest.mark.parametrize("shape", ["pre", "window"])
def test_words_that_no_hypothesis_has_any_more_give_up_their_place(shape):
    """Some sentences go on from one hypothesis, some from two, one from each: all write on."""
    queries, steps = 4, 24
    model = model_of(**SHAPES[shape])
    writings, states = both(model, queries, steps)
    order = torch.tensor([[0, 0, 0, 0], [1, 2, 1, 2], [3, 3, 3, 3], [0, 0, 2, 0]])
    draw = torch.Generator().manual_seed(5)
    for step in range(steps):
        token = torch.randint(4, 30, (4, queries), generator=draw)
        steps_of = [one.step(token, s, False) for one, s in zip(writings, states, strict=True)]
        torch.testing.assert_close(steps_of[0].hidden, steps_of[1].hidden)
        crossing = torch.arange(queries).expand(4, -1) if step % 4 else order
        states = [reordered(one.state.items(), crossing) for one in steps_of]
    assert writings[0].filled < 0.7 * queries * steps


@torch.no_grad()
@pytest.mark.parametrize("queries", [1, 3])
@pytest.mark.parametrize("shape", [*SHAPES, "additive"])
def test_a_step_that_changes_nothing_equals_the_plain_one(shape, queries):
    model = model_of(**SHAPES.get(shape, {"self_attention": Choice("attention", "additive")}))
    memories, start = model.encode(source())
    state = {name: part.expand(4, queries, *part.shape[2:]) for name, part in start.items()}
    plain, states = model.reserve(memories, queries, 6), [state, state]
    room = model.reserve(memories, queries, 0)[: -len(memories)]
    draw = torch.Generator().manual_seed(5)
    for _ in range(6):
        token = torch.randint(4, 30, (4, queries), generator=draw)
        before = [part.clone() for memory in room for part in memory]
        ours, longer = model.pure_step(token, room, memories, states[0])
        theirs = model.decode_step(token, plain, states[1])
        torch.testing.assert_close(ours.hidden, theirs.hidden)
        assert ours.state.keys() == theirs.state.keys()
        torch.testing.assert_close([p for memory in room for p in memory], before)
        order = torch.randint(0, queries, (4, queries), generator=draw)
        room = longer
        states = [reordered(one.state.items(), order) for one in (ours, theirs)]


@torch.no_grad()
@pytest.mark.parametrize("shape", ["pre", "narrow keys"])
def test_one_query_of_one_sentence_sees_what_heads_see_one_by_one(shape):
    model = model_of(**SHAPES[shape])
    for layer in (
        one for part in model.decoder_layers for one in (part.looks.query, part.looks.join)
    ):
        torch.nn.init.normal_(layer.bias)  # they begin as zeros
    memories, _ = model.encode(source().select(torch.tensor([1])))
    (layer, *_), (memory, *_) = on_rows(model.decoder_layers), memories
    rows = torch.randn(1, 16)
    at_once = OfOne(layer, memory)(rows, 1)
    torch.testing.assert_close(at_once, ByHead(layer, memory, blocked(memory.mask))(rows, 1))
    everywhere = ByHead(layer, memory, None)(rows, 1)
    assert not torch.allclose(at_once, everywhere)


@torch.no_grad()
@pytest.mark.parametrize("shape", SHAPES)
def test_one_sentence_by_itself_is_written_as_by_the_plain_step(shape):
    model = model_of(**SHAPES[shape])
    memories, state = model.encode(source().select(torch.tensor([1])))
    fast = model.writing(memories, 1, 6, False)
    assert all(isinstance(one, OfOne) for one in fast.sources)
    plain = super(Transformer, model).writing(memories, 1, 6, False)
    states = [state, state]
    for word in (1, 5, 7, 9, 5, 6):
        token = torch.tensor([[word]])
        ours, theirs = (w.step(token, s, False) for w, s in zip((fast, plain), states, strict=True))
        torch.testing.assert_close(ours.hidden, theirs.hidden)
        states = [ours.state, theirs.state]


@torch.no_grad()
@pytest.mark.parametrize(
    ("queries", "length", "kind"), [(1, 16, OfOne), (1, 17, ByHead), (2, 16, ByHead)]
)
def test_all_heads_look_at_once_where_that_is_less_work(queries, length, kind):
    model = model_of()
    ids = torch.arange(4, 4 + length).unsqueeze(0)
    memories, _ = model.encode(Source(ids, ids > 0))
    writing = model.writing(memories, queries, 6, False)
    assert {type(one) for one in writing.sources} == {kind}


@torch.no_grad()
def test_several_hypotheses_look_at_whole_blocks():
    model = model_of()
    memories, _ = model.encode(source())
    for queries, places in ((1, 7), (3, 16)):
        writing = model.writing(memories, queries, 6, False)
        assert {one.keys.size(2) for one in writing.sources} == {places}


@pytest.mark.parametrize("beam", [1, 4])
def test_a_search_finds_the_same_either_way(beam):
    model = model_of()
    search = Search(beam=beam, max_extra=5)
    fast, plain = search.find(model, source()), search.find(model, source(), look=True)
    for ours, theirs in zip(fast, plain, strict=True):
        assert [one.ids for one in ours] == [one.ids for one in theirs]
        assert ours[0].log_prob == pytest.approx(theirs[0].log_prob, abs=1e-4)


def test_a_frozen_model_joins_its_weights_once_and_writes_the_same():
    model, search = model_of(key_dim=3), Search(beam=3, max_extra=5)
    before = search.find(model, source())
    model.freeze()
    memories, _ = model.encode(source())
    first, second = (model.writing(memories, 3, 5, look=False).layers for _ in range(2))
    assert all(one is other for one, other in zip(first, second, strict=True))
    for ours, theirs in zip(search.find(model, source()), before, strict=True):
        assert [one.ids for one in ours] == [one.ids for one in theirs]
        assert ours[0].log_prob == pytest.approx(theirs[0].log_prob, abs=1e-4)


def test_a_model_that_is_not_frozen_writes_by_the_weights_that_it_has():
    model, search = model_of(), Search(beam=1, max_extra=5)
    before = search.find(model, source())[0][0].log_prob
    with torch.no_grad():
        model.decoder_layers.at(0).looks_back.value.weight.mul_(-3)
    found = search.find(model, source())[0][0].log_prob
    assert found != pytest.approx(before, abs=1e-3)
    assert found == pytest.approx(search.find(model, source(), look=True)[0][0].log_prob, abs=1e-4)


@torch.no_grad()
def test_a_copy_of_a_frozen_model_has_weights_of_its_own():
    model = model_of()
    model.freeze()
    copied = copy.deepcopy(model)
    memories, state = model.encode(source())
    token = torch.full((4, 1), 5)
    before = model.writing(memories, 1, 5, look=False).step(token, state, False).hidden
    for layer in model.frozen:
        for weight in (
            layer.around_back.norm.keywords["weight"],
            layer.ask_and_write.weight,
            layer.fed.narrow.weight,
        ):
            weight.zero_()
    after = copied.writing(memories, 1, 5, look=False).step(token, state, False).hidden
    torch.testing.assert_close(after, before)


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
