"""The exact marginal against a plain loop over source positions."""

from __future__ import annotations

import pytest
import torch

from attncli.errors import UsageError
from attncli.models.output import Projection
from attncli.objective import Objective, shifted
from attncli.registry import Choice
from tests.models.builders import VOCAB, recurrent, source, target, transformer


def mixture(**options):
    return Choice("output", "mixture", options)


def positions(model, src, tgt):
    """By hand: chances a_ti, and for each position the probabilities of every word."""
    (memory,), state = model.encode(src)
    plain = model.decoder.run(model.tgt_embedding(shifted(tgt)), memory, state, True)
    glimpse = plain.glimpse
    each = []
    for place in range(src.ids.size(1)):
        alone = memory.values[:, place].unsqueeze(1).expand_as(glimpse.context)
        hidden = model.decoder.readout(glimpse.state, alone, glimpse.word)
        logits = hidden @ model.output.weight.t() + model.output.bias
        each.append(logits.softmax(-1))
    return glimpse.weights, torch.stack(each, 2)  # (batch, tgt_len, src_len, vocab)


@pytest.mark.parametrize("reads", ["after", "before", "between"])
@torch.no_grad()
def test_it_is_the_sum_over_positions_of_chance_times_probability(reads):
    model, src, tgt = recurrent(reads=reads, output=mixture()), source(5, 3), target(4, 6)
    chances, each = positions(model, src, tgt)
    expected = torch.zeros(2, tgt.size(1), VOCAB)
    for row in range(2):
        for step in range(tgt.size(1)):
            for place in range(src.ids.size(1)):
                expected[row, step] += chances[row, step, place] * each[row, step, place]
    found = model.output.log_probs(model(src, shifted(tgt)), src).exp()
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(found.sum(-1), torch.ones(2, tgt.size(1)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_its_loss_is_that_of_its_probabilities(smoothing):
    model, src, tgt = recurrent(output=mixture()), source(5, 3), target(4, 6)
    decoded, mask = model(src, shifted(tgt)), tgt > 0
    words = model.output.log_probs(decoded, src)[mask]
    nll = -words.gather(1, tgt[mask].unsqueeze(1)).sum()
    found = model.output.nll(decoded, src, tgt, mask, smoothing)
    torch.testing.assert_close(found.nll, nll.detach())
    plain = (1 - smoothing) * nll - smoothing * words.mean(1).sum()
    torch.testing.assert_close(found.loss, plain)
    parameters = list(model.parameters())
    expected = torch.autograd.grad(plain, parameters, retain_graph=True)
    for own, other in zip(torch.autograd.grad(found.loss, parameters), expected, strict=True):
        torch.testing.assert_close(own, other, atol=1e-5, rtol=1e-4)


def test_positions_without_a_share_have_no_part_in_its_gradient_where_tiny_numbers_are_zero():
    model, src, tgt = recurrent(output=mixture()), source(5, 3), target(4, 6)
    torch.set_flush_denormal(True)
    try:
        decoded = model(src, shifted(tgt))
        model.output.nll(decoded, src, tgt, tgt > 0, 0.0).loss.backward()
    finally:
        torch.set_flush_denormal(False)
    assert all(part.grad.isfinite().all() for part in model.parameters())


@torch.no_grad()
def test_with_one_hot_weights_it_is_the_projection_of_that_position():
    model, src, tgt = recurrent("hard", output=mixture()), source(5, 3), target(4, 6)
    plain = Projection(16, VOCAB)
    plain.load_state_dict(model.output.state_dict())
    decoded = model(src, shifted(tgt))
    found = model.output.log_probs(decoded, src)
    model.output = plain
    torch.testing.assert_close(found, plain.log_probs(model(src, shifted(tgt)), src))


@torch.no_grad()
def test_the_most_likely_positions_alone_are_scaled_to_one():
    model, src, tgt = recurrent(output=mixture(most=2)), source(5, 4), target(4, 6)
    chances, each = positions(model, src, tgt)
    top, places = chances.topk(2, -1)
    places = places.unsqueeze(-1).expand(-1, -1, -1, VOCAB)
    expected = (each.gather(2, places) * (top / top.sum(-1, keepdim=True)).unsqueeze(-1)).sum(2)
    found = model.output.log_probs(model(src, shifted(tgt)), src).exp()
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    every = recurrent(output=mixture(most=99))
    torch.testing.assert_close(
        every.output.log_probs(every(src, shifted(tgt)), src).exp(),
        (chances.unsqueeze(-1) * each).sum(2),
    )


@torch.no_grad()
def test_weights_that_do_not_sum_to_one_are_scaled():
    model, src, tgt = recurrent("local-p", output=mixture()), source(5, 3), target(4, 6)
    found = model.output.log_probs(model(src, shifted(tgt)), src).exp().sum(-1)
    torch.testing.assert_close(found, torch.ones_like(found))


def test_the_attention_learns_from_every_position_that_could_have_written_the_word():
    model, src, tgt = recurrent("hard", output=mixture()).train(), source(5, 3), target(4, 6)
    estimator = Choice("estimator", "reinforce", {"baseline": Choice("baseline", "soft")})
    losses = Objective(estimator=estimator)(model, src, tgt, None)
    losses.total.backward()
    assert model.decoder.attention.scorer.v.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: recurrent("none", output=mixture()), "this one has no weights"),
        (lambda: recurrent("multihead", output=mixture()), "heads of this attention"),
        (lambda: transformer(output=mixture()), "model.name=recurrent has"),
        (
            lambda: recurrent(output=mixture(), context=Choice("context", "hierarchical")),
            "cannot read others",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, said):
    with pytest.raises(UsageError, match=said):
        Objective()(make(), source(5, 3), target(4, 6), None)
