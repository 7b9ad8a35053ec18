"""Hierarchical attention over previous sentences: its equations, and what it never reads."""

from __future__ import annotations

import math

import pytest
import torch

from attncli import registry
from attncli.errors import UsageError
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source
from attncli.models.ensemble import Ensemble
from attncli.objective import shifted
from attncli.registry import Choice
from attncli.search import Search
from attncli.text.piece_model import PAD
from tests.models.builders import VOCAB, recurrent, source, target, transformer

CONTEXT = Choice("context", "hierarchical", {"heads": 2, "feed_forward": 8})
MODELS = {
    "fed": recurrent(context=CONTEXT),
    "not-fed": recurrent(context=CONTEXT, options={"feed": False}, tied="none"),
    "before": recurrent("additive", "before", context=CONTEXT),
    "transformer": transformer(context=CONTEXT),
    "transformer-pre": transformer(context=CONTEXT, norm="pre"),
}
MODELS["source"] = recurrent(source_context=CONTEXT)
MODELS["source-transformer"] = transformer(source_context=CONTEXT)
MODELS["both"] = recurrent(source_context=CONTEXT, context=CONTEXT)
every_model = pytest.mark.parametrize("name", MODELS)


def within_documents() -> Source:
    """Three sentences: two before the first, none before the second, one before the third."""
    ids = torch.full((3, 2, 5), PAD)
    for row, place, length in ((0, 0, 5), (0, 1, 3), (2, 0, 4)):
        ids[row, place, :length] = source(length, 2).ids[0, :length] + row
    return source(7, 4, 3)._replace(before=Source(ids, ids != PAD))


def alone(src: Source, row: int) -> Source:
    """One sentence without any padding of its own or of what stands before it."""
    length = int(src.mask[row].sum())
    own = Source(src.ids[row : row + 1, :length], src.mask[row : row + 1, :length])
    assert src.before is not None
    lengths = src.before.mask[row].sum(1)
    sentences, longest = int((lengths > 0).sum()), int(lengths.max())
    if not sentences:
        return own
    before = Source(*(part[row : row + 1, :sentences, :longest] for part in src.before[:2]))
    return own._replace(before=before)


def close(left, right, tolerance=1e-5):
    torch.testing.assert_close(left, right, atol=tolerance, rtol=tolerance)


@torch.no_grad()
def test_its_equations_by_plain_loops():
    """One head, two previous sentences of two words, of which the last word is padding."""
    torch.manual_seed(3)
    context = registry.find("context", "hierarchical")(4, 6, heads=1, feed_forward=5).eval()
    context.distance.normal_()
    states = torch.randn(2, 2, 6)
    ids = torch.tensor([[[5, 6], [7, PAD]]])
    src = Source(ids[:, 0], ids[:, 0] > 0, Source(ids, ids != PAD))
    memories = context.remember(src, lambda ids, mask: states)
    hidden = torch.randn(1, 3, 4)
    found = context(Decoded(hidden, None, {}, {}, {}), memories, look=True)

    def looked(part, query, keys):
        query = part.query(query)
        scores = torch.stack([query @ part.key(key) / math.sqrt(4) for key in keys])
        weights = scores.softmax(0)
        read = sum(weight * part.value(key) for weight, key in zip(weights, keys, strict=True))
        return part.join(read), weights

    for step, state in enumerate(hidden[0]):
        first, word_weights = looked(context.words, state, [states[0, 0], states[0, 1]])
        second, _ = looked(context.words, state, [states[1, 0]])
        summaries = [first + context.distance[0], second + context.distance[1]]
        seen, weights = looked(context.sentences, state, summaries)
        inner = torch.relu(context.feed_forward.wide(seen))
        read = context.feed_forward.narrow(inner)
        gate = torch.sigmoid(context.gate(torch.cat([state, read])))
        close(found.hidden[0, step], context.norm((1 - gate) * state + gate * read))
        close(found.trace["context.words"][0, step, 0], word_weights)
        assert found.trace["context.words"][0, step, 1].tolist() == [1.0, 0.0]
        close(found.trace["context.sentences"][0, step], weights)
        close(found.trace["context.gate"][0, step], gate.mean())


@every_model
@torch.no_grad()
def test_padding_and_absent_sentences_are_never_read(name):
    model, src, tgt = MODELS[name], within_documents(), target(6, 5, 3)
    other = torch.where(src.before.mask, src.before.ids, VOCAB - 1)
    changed = src._replace(before=Source(other, src.before.mask))
    close(model(src, tgt).hidden, model(changed, tgt).hidden)


@every_model
@torch.no_grad()
def test_every_previous_sentence_counts_and_so_does_their_order(name):
    model, src, tgt = MODELS[name], within_documents(), target(6, 5, 3)
    distances = [p for n, p in model.named_parameters() if n.endswith("context.distance")]
    for distance in distances:
        distance.normal_(generator=torch.Generator().manual_seed(1))
    hidden = model(src, tgt).hidden
    for row, place in ((0, 0), (0, 1), (2, 0)):
        ids = src.before.ids.clone()
        ids[row, place, 0] = 3
        moved = model(src._replace(before=src.before._replace(ids=ids)), tgt).hidden
        assert [not torch.allclose(moved[r], hidden[r]) for r in range(3)] == [
            r == row for r in range(3)
        ]
    turned = Source(src.before.ids.flip(1), src.before.mask.flip(1))
    assert not torch.allclose(model(src._replace(before=turned), tgt).hidden[0], hidden[0])
    for distance in distances:
        distance.zero_()


@pytest.mark.parametrize("name", ["fed", "not-fed", "before", "transformer", "transformer-pre"])
@torch.no_grad()
def test_a_first_sentence_is_that_of_the_sentence_model_but_for_the_norm(name):
    model, src, tgt = MODELS[name], source(7, 4), target(6, 5)
    with_context = model(src, tgt, look=True)
    nothing = model.context.gate.weight.new_zeros(2, 6)
    close(with_context.trace["context.gate"], nothing)
    assert not with_context.trace["context.sentences"].any()
    model.context.forward, kept = (lambda decoded, *rest: decoded), model.context.forward
    plain = model(src, tgt).hidden
    model.context.forward = kept
    close(model.context.norm(plain), with_context.hidden)


@pytest.mark.parametrize("held", ["local-m", "coverage"])
def test_its_heads_know_neither_position_nor_last_step(held):
    options = {"attention": Choice("attention", held)}
    with pytest.raises(UsageError, match=f"cannot hold '{held}'"):
        recurrent(context=Choice("context", "hierarchical", options))


@every_model
@torch.no_grad()
def test_a_batch_equals_its_sentences_one_by_one(name):
    model, src, tgt = MODELS[name], within_documents(), target(6, 6, 6)
    together = model(src, tgt, look=True)
    found = Search(beam=3).find(model, src)
    for row in range(3):
        own = alone(src, row)
        single = model(own, tgt[row : row + 1], look=True)
        close(single.hidden[0], together.hidden[row])
        assert Search(beam=3).find(model, own)[0][0].ids == found[row][0].ids


@every_model
@torch.no_grad()
def test_all_steps_at_once_equal_a_fold_of_single_steps(name):
    model, src, tgt = MODELS[name], within_documents(), target(6, 5, 3)
    at_once, folded = model(src, tgt, look=True), Seq2Seq.forward(model, src, tgt, look=True)
    close(at_once.hidden, folded.hidden)
    assert at_once.trace.keys() == folded.trace.keys()
    for part in at_once.trace.keys() & {"context.words", "context.sentences", "context.gate"}:
        close(at_once.trace[part], folded.trace[part])


@every_model
@torch.no_grad()
def test_the_score_of_a_search_is_the_score_of_its_output(name):
    model, src = MODELS[name], within_documents()
    for row, found in enumerate(Search(beam=3, n_best=3, max_ratio=1.0).find(model, src)):
        for one in found:
            ids = torch.tensor([one.ids])
            own = src.select(torch.tensor([row]))
            words = model.output.log_probs(model(own, shifted(ids)), own)
            total = float(words.gather(2, ids.unsqueeze(2)).sum())
            assert total == pytest.approx(one.log_prob, abs=1e-4)


@every_model
def test_every_parameter_learns(name):
    model, src, tgt = MODELS[name], within_documents(), target(6, 5, 3)
    model.zero_grad()
    model.output.nll(model(src, tgt), src, tgt, tgt > 0, 0.1).loss.backward()
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    model.zero_grad()
    assert dead == []


def test_an_ensemble_gives_each_model_what_it_reads():
    src = within_documents()
    one, two = MODELS["fed"], recurrent()
    assert Ensemble([two, one]).previous == 3
    twice = Search(beam=3).find(Ensemble([one, one]), src)
    for found, single in zip(twice, Search(beam=3).find(one, src), strict=True):
        assert found[0].ids == single[0].ids
        assert found[0].log_prob == pytest.approx(single[0].log_prob, abs=1e-4)


def test_it_reads_no_more_sentences_than_asked_for():
    one = Choice("context", "hierarchical", {"heads": 2, "feed_forward": 8, "sentences": 1})
    model, src, tgt = recurrent(context=one), within_documents(), target(6, 5, 3)
    assert (model.previous, recurrent().previous) == (1, 0)
    nearest = src._replace(before=Source(*(part[:, :1] for part in src.before[:2])))
    with torch.no_grad():
        close(model(src, tgt).hidden, model(nearest, tgt).hidden)
