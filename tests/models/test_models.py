"""What every model holds, whatever its attention and wiring."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from attncli.attention.expectation import expectation
from attncli.errors import UsageError
from attncli.models.base import Seq2Seq
from attncli.objective import Objective, shifted
from attncli.optimizers import Adam
from attncli.registry import Choice
from attncli.search import Search
from attncli.text.piece_model import EOS, PAD
from tests.models.builders import everything, recurrent, source, target, transformer

MODELS = everything()
every_model = pytest.mark.parametrize("name", MODELS)


def close(left, right, tolerance=1e-5):
    torch.testing.assert_close(left, right, atol=tolerance, rtol=tolerance)


@every_model
@torch.no_grad()
def test_all_steps_at_once_equal_a_fold_of_single_steps(name):
    model, src, tgt = MODELS[name], source(7, 4, 1), target(6, 5, 3)
    at_once = model(src, tgt, look=True)
    folded = Seq2Seq.forward(model, src, tgt, look=True)
    close(at_once.hidden, folded.hidden)
    assert (at_once.weights is None) == (folded.weights is None)
    if at_once.weights is not None:
        close(at_once.weights, folded.weights)


@every_model
@torch.no_grad()
def test_a_batch_equals_its_sentences_one_by_one(name):
    model, src, tgt = MODELS[name], source(7, 4, 1), target(6, 6, 6)
    together = model.output.log_probs(model(src, tgt), src)
    for row in range(3):
        length = int(src.mask[row].sum())
        alone = type(src)(src.ids[row : row + 1, :length], src.mask[row : row + 1, :length])
        single = model.output.log_probs(model(alone, tgt[row : row + 1]), alone)
        close(single[0], together[row])


@every_model
@torch.no_grad()
def test_a_later_word_does_not_change_an_earlier_step(name):
    model, src, tgt = MODELS[name], source(7, 4, 2), target(6, 6, 6)
    other = tgt.clone()
    other[:, 3:] = 5
    close(model(src, tgt).hidden[:, :3], model(src, other).hidden[:, :3])
    assert not torch.allclose(model(src, tgt).hidden[:, 4], model(src, other).hidden[:, 4])


@every_model
def test_the_score_of_a_search_is_the_score_of_its_output(name):
    model, src = MODELS[name], source(7, 4, 1)
    for row, found in enumerate(Search(beam=3, n_best=3, max_ratio=1.0).find(model, src)):
        for hypothesis in found:
            ids = torch.tensor([hypothesis.ids])
            alone = src.select(torch.tensor([row]))
            with torch.no_grad():
                decoded = model(alone, shifted(ids))
                words = model.output.log_probs(decoded, alone).gather(2, ids.unsqueeze(2))
            assert float(words.sum()) == pytest.approx(hypothesis.log_prob, abs=1e-4)


@every_model
def test_the_weights_of_a_search_are_those_of_its_output(name):
    model, src = MODELS[name], source(7, 4, 1)
    for row, (found, *_) in enumerate(Search(beam=3, max_ratio=1.0).find(model, src, look=True)):
        alone = src.select(torch.tensor([row]))
        with torch.no_grad():
            decoded = model(alone, shifted(torch.tensor([found.ids])), look=True)
        if decoded.weights is None:
            assert found.weights is None
        else:
            close(torch.from_numpy(found.weights), decoded.weights[0])


@every_model
def test_a_sentence_is_decoded_alike_alone_and_in_a_batch(name):
    model, src, search = MODELS[name], source(7, 4, 1), Search(beam=3)
    together = search.find(model, src)
    for row in range(3):
        length = int(src.mask[row].sum())
        alone = type(src)(src.ids[row : row + 1, :length], src.mask[row : row + 1, :length])
        (found,) = search.find(model, alone)
        assert found[0].ids == together[row][0].ids
        assert found[0].log_prob == pytest.approx(together[row][0].log_prob, abs=1e-4)


@every_model
@expectation()
def test_every_parameter_learns(name):
    model = MODELS[name]
    decoded = model(source(7, 4, 3), target(6, 5, 3))
    loss = model.output.nll(decoded, source(7, 4, 3), target(6, 5, 3), target(6, 5, 3) > 0, 0.1)
    model.zero_grad()
    loss.loss.backward()
    dead = [
        parameter_name
        for parameter_name, parameter in model.named_parameters()
        if parameter.numel() and (parameter.grad is None or not parameter.grad.abs().sum() > 0)
    ]
    model.zero_grad()
    assert dead == []


@pytest.mark.parametrize(
    "model",
    [recurrent(a, "after", layers=1) for a in ("additive", "dot", "general", "concat", "local-p")]
    + [recurrent(reads="before"), recurrent(reads="between"), transformer()],
    ids=lambda model: type(model).__name__,
)
def test_it_learns_a_batch_by_heart(model):
    src, tgt = source(7, 5, 4), target(6, 5, 4)
    tgt = torch.where(tgt == PAD, PAD, tgt)
    optimizer = Adam(lr=0.01).over(model.parameters())
    objective = Objective(label_smoothing=0.0)
    for _ in range(150):
        losses = objective(model.train(), src, tgt, None)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
    found = Search(beam=1).find(model.eval(), src)
    assert [best[0].ids for best in found] == [[i for i in row if i != PAD] for row in tgt.tolist()]


def test_eval_uses_no_dropout_and_training_does():
    model = transformer(dropout=0.5)
    src, tgt = source(5, 4), target(4, 4)
    close(model(src, tgt).hidden, model(src, tgt).hidden, 0.0)
    model.train()
    assert not torch.allclose(model(src, tgt).hidden, model(src, tgt).hidden)


def test_no_positions_makes_the_encoder_blind_to_order():
    blind = transformer(positions=Choice("positions", "none"))
    seeing = transformer()
    src = source(6)
    order = torch.tensor([3, 1, 4, 0, 2, 5])
    moved = type(src)(src.ids[:, order], src.mask)
    tgt = target(4)
    with torch.no_grad():
        close(blind(src, tgt).hidden, blind(moved, tgt).hidden)
        assert not torch.allclose(seeing(src, tgt).hidden, seeing(moved, tgt).hidden, atol=1e-4)


@torch.no_grad()
def test_a_window_hides_what_is_farther_away_in_either_sentence():
    model, tgt = transformer(window=2, layers=1), target(7)
    src = source(7)
    moved = type(src)(src.ids.clone(), src.mask)
    moved.ids[0, 6] = 5
    (memory,), (other,) = (model.encode(one)[0] for one in (src, moved))
    changed = (memory.keys - other.keys).abs().sum((1, 3))[0] > 1e-6
    assert changed.tolist() == [False] * 4 + [True] * 3
    later = tgt.clone()
    later[0, 1] = 5
    changed = (model(src, tgt).hidden - model(src, later).hidden).abs().sum(-1)[0] > 1e-6
    assert changed.tolist() == [False, True, True, True, False, False, False]


def test_the_input_feeding_loop_equals_a_plain_lstm_cell():
    """Against torch's own cell, one hand-written step after another (Luong 2015, section 3.3)."""
    model = recurrent("dot", layers=1)
    wiring = model.decoder
    cell = wiring.first
    reference = nn.LSTMCell(12 + 16, 16)
    with torch.no_grad():
        reference.weight_ih.copy_(torch.cat([cell.input.weight, wiring.fed.weight], 1))
        reference.weight_hh.copy_(cell.hidden.weight)
        reference.bias_ih.copy_(cell.input.bias)
        reference.bias_hh.zero_()
        src, tgt = source(5, 5), target(4, 4)
        (memory,), state = model.encode(src)
        hidden = (state["layer0.0"].squeeze(1), state["layer0.1"].squeeze(1))
        feed = torch.zeros(2, 16)
        outputs = []
        for word in model.tgt_embedding(tgt).unbind(1):
            hidden = reference(torch.cat([word, feed], 1), hidden)
            weights = (memory.values @ hidden[0].unsqueeze(2)).squeeze(2).softmax(1)
            context = (weights.unsqueeze(1) @ memory.values).squeeze(1)
            feed = torch.tanh(wiring.readout.join(torch.cat([context, hidden[0]], 1)))
            outputs.append(feed)
        close(torch.stack(outputs, 1), model(src, tgt).hidden)


@pytest.mark.parametrize(
    "name", ["general-after", "gru-cho", "gru-norm", "additive-between", "transformer"]
)
def test_it_trains_in_bfloat16(name):
    """As on a GPU: factors in bfloat16, parameters and loss in float32."""
    model, src, tgt = MODELS[name], source(7, 4, 3), target(6, 5, 3)
    exact = Objective()(model, src, tgt, None)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = Objective()(model, src, tgt, None)
    rounded.total.backward()
    model.zero_grad()
    assert rounded.total.dtype == torch.float32
    assert float(rounded.nll) == pytest.approx(float(exact.nll), rel=0.02)


@pytest.mark.parametrize("name", ["local-p", "local-m", "location"])
def test_a_decoder_cannot_look_back_by_position(name):
    with pytest.raises(UsageError, match="goes by position"):
        transformer(self_attention=Choice("attention", name))


@pytest.mark.parametrize("name", ["ntm", "monotonic", "location-aware"])
def test_a_transformer_holds_nothing_that_waits_for_its_last_step(name):
    with pytest.raises(UsageError, match=f"'{name}' waits for its own last step"):
        transformer(attention=Choice("attention", name))


@pytest.mark.parametrize("name", ["additive", "general", "cosine"])
def test_any_other_score_serves_self_attention_in_a_beam(name):
    model, src = transformer(self_attention=Choice("attention", name)), source(7, 4)
    for row, found in enumerate(Search(beam=4, n_best=4, max_ratio=1.0).find(model, src)):
        alone = src.select(torch.tensor([row]))
        for one in found:
            ids = torch.tensor([one.ids])
            with torch.no_grad():
                words = model.output.log_probs(model(alone, shifted(ids)), alone)
            total = float(words.gather(2, ids.unsqueeze(2)).sum())
            assert total == pytest.approx(one.log_prob, abs=1e-4)


def test_a_decoder_with_learned_positions_never_writes_past_them():
    short = transformer(positions=Choice("positions", "learned", {"max_length": 9}))
    with torch.no_grad():
        short.output.bias[EOS] = -100.0
    ((found, *_),) = Search(beam=2).find(short, source(8))
    assert len(found.ids) == 9


@pytest.mark.parametrize("encoder", ["forward", "reversed"])
def test_the_backward_bridge_needs_both_directions(encoder):
    with pytest.raises(UsageError, match="bidirectional"):
        recurrent(encoder=encoder, bridge=Choice("bridge", "backward"))


def test_an_odd_size_is_not_halved():
    with pytest.raises(UsageError, match=r"model\.hidden 5: a bidirectional"):
        recurrent(hidden=5)


def test_the_terms_of_a_mechanism_are_part_of_the_loss(monkeypatch):
    model, src, tgt = MODELS["general-after"], source(7, 4), target(6, 5)
    plain = float(Objective()(model, src, tgt, None).total.detach())
    forward = type(model).forward

    def with_term(self, *given):
        decoded = forward(self, *given)
        return decoded._replace(losses={"coverage": torch.full(tgt.shape, 0.5)})

    monkeypatch.setattr(type(model), "forward", with_term)
    losses = Objective()(model, src, tgt, None)
    assert float(losses.parts["coverage"]) == pytest.approx(0.5 * 11)
    assert float(losses.total.detach()) == pytest.approx(plain + 0.5 * 11, rel=1e-5)
