"""What every output layer holds, and what is special about those that copy from the source."""

from __future__ import annotations

import math

import pytest
import torch

from attncli import registry
from attncli.errors import UsageError
from attncli.marks import EOS, PAD, UNK
from attncli.models import output
from attncli.models.decoded import Decoded, Glimpse, GlimpseSizes, Source
from attncli.models.ensemble import Ensemble
from attncli.objective import Objective, shifted
from attncli.registry import Choice
from attncli.search import Search
from tests.models.builders import VOCAB, recurrent, transformer

REFUSED = {"mixture-transformer"}  # says so: see test_mixture.py
MODELS = {
    f"{name}-{kind}": model(output=Choice("output", name))
    for name in registry.names("output")
    for kind, model in (("recurrent", recurrent), ("transformer", transformer))
    if f"{name}-{kind}" not in REFUSED
}
COPIES = [name for name in MODELS if MODELS[name].output.joint]
every_output = pytest.mark.parametrize("name", MODELS)
every_copy = pytest.mark.parametrize("name", COPIES)


def unknown_words() -> Source:
    """Two sentences, each with words that the vocabulary lacks: one of them twice."""
    ids = torch.tensor([[5, VOCAB, 9, VOCAB + 1, VOCAB, EOS], [VOCAB, 7, EOS, PAD, PAD, PAD]])
    return Source(ids, ids != PAD)


TARGET = torch.tensor([[VOCAB + 1, 9, VOCAB, EOS], [7, VOCAB, EOS, PAD]])


def decoded_by(model, source, target=TARGET):
    with torch.no_grad():
        return model(source, shifted(target))


@every_output
def test_probabilities_sum_to_one(name):
    model, source = MODELS[name], unknown_words()
    log_probs = model.output.log_probs(decoded_by(model, source), source)
    torch.testing.assert_close(log_probs.exp().sum(-1), torch.ones(2, 4))


@every_output
def test_the_loss_is_that_of_the_words_probabilities(name):
    model, source = MODELS[name], unknown_words()
    decoded, mask = decoded_by(model, source), TARGET != PAD
    with torch.no_grad():
        loss = model.output.nll(decoded, source, TARGET, mask, 0.0)
        words = model.output.score(decoded, source, TARGET)[mask]
    assert float(loss.nll) == pytest.approx(-float(words.sum()), rel=1e-5)
    assert float(loss.loss) == pytest.approx(float(loss.nll), rel=1e-6)


@pytest.mark.parametrize("few", [0, 32])
@every_output
def test_the_best_words_are_those_of_the_highest_probability(name, few, monkeypatch):
    monkeypatch.setattr(output, "FEW", few)
    model, source = MODELS[name], unknown_words()
    decoded = decoded_by(model, source)
    found, ids, end = model.output.best(decoded, source, 3)
    expected = model.output.log_probs(decoded, source)
    torch.testing.assert_close(found, expected.topk(3, -1).values)
    torch.testing.assert_close(found, expected.gather(2, ids))
    torch.testing.assert_close(end, expected[..., EOS])


@pytest.mark.parametrize("bias", [0.0, 500.0, -500.0])
def test_scores_may_be_so_large_that_their_powers_are_no_numbers(bias):
    torch.manual_seed(0)
    projection, hidden = output.Projection(8, 200).requires_grad_(False), torch.randn(5, 8)
    projection.bias += bias
    found, ids, _ = projection.best_of(hidden, 3)
    expected = projection.logits(hidden).log_softmax(-1).topk(3)
    torch.testing.assert_close(found, expected.values, rtol=0, atol=1e-4)
    assert torch.equal(ids, expected.indices)


def test_the_best_words_do_not_depend_on_how_many_are_scored_together(monkeypatch):
    model, source = MODELS["projection-recurrent"], unknown_words()
    decoded = decoded_by(model, source)
    monkeypatch.setattr(output, "FEW", 0)
    together = model.output.best(decoded, source, 3)
    monkeypatch.setattr(output, "ROWS", 3)
    assert decoded.hidden.flatten(0, 1).size(0) % output.ROWS
    for part, parts in zip(together, model.output.best(decoded, source, 3), strict=True):
        torch.testing.assert_close(part, parts)


@every_output
def test_a_batch_equals_its_sentences_one_by_one(name):
    model, source = MODELS[name], unknown_words()
    together = model.output.score(decoded_by(model, source), source, TARGET)
    for row, (words, pieces) in enumerate(((6, 4), (3, 3))):
        alone = Source(source.ids[row : row + 1, :words], source.mask[row : row + 1, :words])
        target = TARGET[row : row + 1, :pieces]
        single = model.output.score(decoded_by(model, alone, target), alone, target)
        torch.testing.assert_close(single[0], together[row, :pieces], atol=1e-5, rtol=1e-5)


def test_marked_rows_and_their_gradient_are_those_of_indexing():
    parts = torch.randn(2, 3, 4, requires_grad=True)
    mask = torch.tensor([[True, False, True], [False, True, True]])
    pulls = torch.randn(4, 4)
    rows = output.marked(parts, mask)
    assert torch.equal(rows, parts[mask])
    (gradient,) = torch.autograd.grad(rows, parts, pulls)
    assert torch.equal(gradient, torch.autograd.grad(parts[mask], parts, pulls)[0])


@every_output
def test_gradients_are_finite_and_smoothing_counts(name):
    model, source = MODELS[name], unknown_words()
    losses = Objective(label_smoothing=0.1)(model, source, TARGET, None)
    losses.total.backward()
    grads = [one.grad for one in model.parameters() if one.grad is not None]
    model.zero_grad()
    assert grads
    assert all(bool(grad.isfinite().all()) for grad in grads)


@every_output
def test_a_search_scores_unknown_words_as_a_forced_pass_does(name):
    model, source = MODELS[name], unknown_words()
    for row, found in enumerate(Search(beam=4, n_best=4, max_ratio=1.0).find(model, source)):
        alone = source.select(torch.tensor([row]))
        for one in found:
            ids = torch.tensor([one.ids])
            words = model.output.score(decoded_by(model, alone, ids), alone, ids)
            assert float(words.detach().sum()) == pytest.approx(one.log_prob, abs=1e-3)


@every_copy
def test_an_unknown_word_of_the_source_can_be_written(name):
    model, source = MODELS[name], unknown_words()
    log_probs = model.output.log_probs(decoded_by(model, source), source)
    assert log_probs.shape[2] == VOCAB + 2
    assert (log_probs[0, :, VOCAB:] > -20).all()
    assert (log_probs[1, :, VOCAB + 1] < -80).all()  # the second sentence has one such word only


@pytest.mark.parametrize("name", ["copy", "positions"])
def test_no_weights_no_copying(name):
    blind, source = recurrent("none", output=Choice("output", name)), unknown_words()
    with pytest.raises(UsageError, match="has no weights"):
        Objective()(blind, source, TARGET, None)


def by_hand(p_gen: float):
    """A step that looks 0.2, 0.5, 0.3 at words 5, unknown, 5, and a vocabulary of even chances."""
    output = registry.find("output", "copy")(3, 8, GlimpseSizes(1, 1, 1))
    torch.nn.init.zeros_(output.weight)
    torch.nn.init.zeros_(output.gate.weight)
    torch.nn.init.constant_(output.gate.bias, math.log(p_gen / (1 - p_gen)))
    one = torch.ones(1, 1, 1)
    glimpse = Glimpse(one, one, one, torch.tensor([[[0.2, 0.5, 0.3]]]))
    decoded = Decoded(torch.zeros(1, 1, 3), None, {}, {}, {}, glimpse)
    ids = torch.tensor([[5, 8, 5]])
    return output, decoded, Source(ids, ids != PAD)


def test_the_mixture_by_hand():
    """P_vocab is 1/8 each; p_gen 0.4: P(5) = 0.4/8 + 0.6 (0.2 + 0.3), P(unknown) = 0.6 0.5."""
    output, decoded, source = by_hand(0.4)
    found = output.log_probs(decoded, source).exp().squeeze()
    expected = [0.05, 0.05, 0.05, 0.05, 0.05, 0.35, 0.05, 0.05, 0.30]
    torch.testing.assert_close(found, torch.tensor(expected))
    assert float(output.look(decoded, source)["gate"].detach()) == pytest.approx(0.4)


@pytest.mark.parametrize(("word", "chance"), [(5, 0.35), (8, 0.30), (UNK, 0.05)])
def test_the_loss_by_hand(word, chance):
    output, decoded, source = by_hand(0.4)
    target = torch.tensor([[word]])
    loss = output.nll(decoded, source, target, target > 0, 0.0)
    assert float(loss.nll) == pytest.approx(-math.log(chance), rel=1e-5)
    smooth = output.nll(decoded, source, target, target > 0, 0.5)
    assert float(smooth.loss.detach()) == pytest.approx(
        0.5 * (-math.log(chance) + math.log(8)), rel=1e-5
    )


def test_a_pointer_writes_what_it_looks_at():
    output = registry.find("output", "positions")(3, 8)
    _, decoded, source = by_hand(0.4)
    found = output.log_probs(decoded, source).exp().squeeze()
    torch.testing.assert_close(found[[5, 8]], torch.tensor([0.5, 0.5]))
    assert float(found.sum()) == pytest.approx(1.0)


def test_a_word_of_no_weight_costs_much_and_pulls_nowhere():
    _, decoded, source = by_hand(0.4)
    weights = torch.tensor([[[0.0, 1.0, 0.0]]], requires_grad=True)
    decoded = decoded._replace(glimpse=decoded.glimpse._replace(weights=weights))
    target = torch.tensor([[5]])
    output = registry.find("output", "positions")(3, 8)
    loss = output.nll(decoded, source, target, target > 0, 0.0)
    loss.loss.backward()
    assert float(loss.nll) > 80
    assert bool(weights.grad.isfinite().all())


def test_models_with_and_without_copying_decode_together():
    """The mean of both; what one of them cannot write has half the other's probability."""
    copying = MODELS["copy-recurrent"]
    plain = recurrent()
    both, source = Ensemble([copying, plain]), unknown_words()
    found = both.output.log_probs(decoded_by(both, source), source).exp()
    first = copying.output.log_probs(decoded_by(copying, source), source).exp()
    torch.testing.assert_close(found[..., VOCAB:], first[..., VOCAB:] / 2)
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 4))
    (best, *_), _ = Search(beam=2).find(both, source)
    assert best.ids
