"""What training minimises, against sums worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from attncli.errors import UsageError
from attncli.models.decoded import Decoded
from attncli.objective import Objective, guided_alignment, shifted
from attncli.text.piece_model import BOS, PAD
from tests.models.builders import VOCAB, recurrent, source, target


def decoded_with(weights):
    return Decoded(torch.zeros(1), weights, {}, {}, {})


def test_the_decoder_reads_a_start_and_then_every_word_but_the_last():
    assert shifted(torch.tensor([[7, 8, 3]])).tolist() == [[BOS, 7, 8]]


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_label_smoothing_word_by_word(smoothing):
    model, src, tgt = recurrent(), source(5, 3), target(4, 6)
    losses = Objective(label_smoothing=smoothing)(model, src, tgt, None)
    log_probs = model.output.log_probs(model(src, shifted(tgt)), src).tolist()
    nll = total = 0.0
    for row, words in enumerate(tgt.tolist()):
        for place, word in enumerate(words):
            if word == PAD:
                continue
            each = log_probs[row][place]
            nll -= each[word]
            total -= (1 - smoothing) * each[word] + smoothing / VOCAB * sum(each)
    assert losses.nll.item() == pytest.approx(nll, rel=1e-5)
    assert losses.total.item() == pytest.approx(total, rel=1e-5)
    assert losses.total.requires_grad
    assert losses.parts == {}


def test_guided_alignment_by_hand():
    weights = torch.tensor([[[[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]]]])
    links = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 0.0]]])
    expected = -(math.log(0.5) + 0.5 * math.log(0.8) + 0.5 * math.log(0.1))
    assert guided_alignment(decoded_with(weights), links).item() == pytest.approx(expected)


def test_guided_alignment_goes_by_the_mean_of_layers_and_heads():
    heads = torch.tensor([[[[[0.9, 0.1]], [[0.5, 0.5]]], [[[0.3, 0.7]], [[0.1, 0.9]]]]])
    links = torch.tensor([[[1.0, 0.0]]])
    assert heads.shape == (1, 2, 2, 1, 2)
    expected = -math.log((0.9 + 0.5 + 0.3 + 0.1) / 4)
    assert guided_alignment(decoded_with(heads), links).item() == pytest.approx(expected)


def test_a_linked_word_that_is_not_looked_at_costs_much_but_not_all():
    weights = torch.tensor([[[[[0.0, 1.0]]]]], requires_grad=True)
    loss = guided_alignment(decoded_with(weights), torch.tensor([[[1.0, 0.0]]]))
    assert loss.item() == pytest.approx(-math.log(1e-9), rel=1e-4)


def test_guided_alignment_is_added_with_its_weight():
    model, src, tgt = recurrent(), source(3, 3), target(3, 3)
    links = torch.eye(3).repeat(2, 1, 1)
    plain = Objective()(model, src, tgt, links)
    guided = Objective(guided=0.25)(model, src, tgt, links)
    added = guided.total - plain.total
    assert added.item() == pytest.approx(0.25 * guided.parts["guided"].item(), rel=1e-4)
    assert guided.nll.item() == pytest.approx(plain.nll.item())
    guided.total.backward()
    assert model.decoder.attention.key.weight.grad.abs().sum() > 0


def test_guided_alignment_needs_weights_and_links():
    src, tgt = source(3), target(3)
    with pytest.raises(UsageError, match="this model has no attention"):
        Objective(guided=1.0)(recurrent("none"), src, tgt, torch.eye(3).unsqueeze(0))
    with pytest.raises(UsageError, match="the data has none"):
        Objective(guided=1.0)(recurrent(), src, tgt, None)


def covering(loss=True):
    model = recurrent("coverage")
    model.decoder.attention.loss = loss
    return model


@pytest.mark.parametrize("weight", [0.0, 0.5, 3.0])
def test_a_mechanism_s_term_is_added_with_the_weight_of_its_name(weight):
    model, src, tgt = covering(), source(5, 3), target(4, 6)
    losses = Objective(terms={"coverage": weight})(model, src, tgt, None)
    weights = model(src, shifted(tgt), look=True).weights[:, 0, 0]  # (batch, tgt_len, src_len)
    term = 0.0
    for row, words in enumerate(tgt.tolist()):
        seen = torch.zeros(weights.size(2))
        for place, word in enumerate(words):
            if word != PAD:
                term += torch.minimum(weights[row, place], seen).sum().item()
            seen = seen + weights[row, place]
    assert term > 0
    assert losses.parts["coverage"].item() == pytest.approx(term, rel=1e-4)
    plain = Objective()(covering(loss=False), src, tgt, None)
    assert losses.total.item() == pytest.approx(plain.total.item() + weight * term, rel=1e-4)


def test_a_weight_for_a_term_that_nothing_brings_is_refused():
    src, tgt = source(3), target(3)
    with pytest.raises(UsageError, match=r"terms\.covrage: no such term; this model brings cov"):
        Objective(terms={"covrage": 1.0})(covering(), src, tgt, None)
    with pytest.raises(UsageError, match="this model brings none"):
        Objective(terms={"coverage": 1.0})(recurrent(), src, tgt, None)
