"""The estimated gradient against the exact one, which enumerates every way to draw."""

from __future__ import annotations

import itertools

import pytest
import torch

from attncli.attention import hard
from attncli.errors import UsageError
from attncli.models.decoded import Source
from attncli.objective import Objective, shifted
from attncli.registry import Choice
from tests.models.builders import recurrent, source, target

SRC, TGT = 3, 2
GROUPS, COPIES = 40, 300
NO_FEED = {"feed": False}


def tiny(**options):
    """A small model whose choices matter: its parameters are larger than those one starts with."""
    model = recurrent("hard", layers=1, embedding=3, hidden=4, **options).double().train()
    with torch.no_grad():
        for part in model.parameters():
            part.mul_(3.0)
    return model


def objective(baseline="none", reward="sentence", **more):
    estimator = {"baseline": Choice("baseline", baseline), "reward": reward, "entropy": 0.0}
    return Objective(
        label_smoothing=0.0, estimator=Choice("estimator", "reinforce", {**estimator, **more})
    )


def gradient(model, loss):
    model.zero_grad()
    loss.backward()
    return torch.cat([part.grad.flatten() for part in model.parameters()])


def repeated(src, tgt, count):
    return Source(src.ids.repeat(count, 1), src.mask.repeat(count, 1)), tgt.repeat(count, 1)


def exact(model, monkeypatch):
    """The gradient of sum_s p(s) (- log p(y | s)) over all SRC ** TGT ways to draw."""
    src, tgt = source(SRC), target(TGT)
    ways = torch.tensor(list(itertools.product(range(SRC), repeat=TGT)))
    src, tgt = repeated(src, tgt, len(ways))
    step = iter(range(TGT))

    def given(chances):
        if chances.size(1) == TGT:
            return ways
        place = next(step)
        return ways[:, place : place + 1]

    with monkeypatch.context() as patch:
        patch.setattr(hard, "drawn", given)
        decoded = model(src, shifted(tgt))
    log_probs = model.output.log_probs(decoded, src).gather(2, tgt.unsqueeze(2)).squeeze(2).sum(1)
    chance = decoded.losses["log_prob"].sum(1).exp()
    assert float(chance.detach().sum()) == pytest.approx(1)
    return gradient(model, -(chance * log_probs).sum())


def estimates(model, loss):
    """GROUPS independent estimates, each the mean of COPIES draws: (groups, parameters)."""
    torch.manual_seed(9)
    src, tgt = repeated(source(SRC), target(TGT), COPIES)
    totals = (loss(model, src, tgt, None).total / COPIES for _ in range(GROUPS))
    return torch.stack([gradient(model, total) for total in totals])


def errors(found, wanted):
    """How many standard errors the mean of the estimates lies off, for each parameter."""
    standard = found.std(0) / GROUPS**0.5
    return (found.mean(0) - wanted).abs() / (standard + 1e-9)


@pytest.mark.parametrize(
    ("baseline", "reward", "feed"),
    [
        ("none", "sentence", {}),
        ("moving-average", "sentence", {}),
        ("soft", "future", {}),
        ("soft", "word", NO_FEED),
    ],
)
def test_the_estimate_is_right_on_average(monkeypatch, baseline, reward, feed):
    model = tiny(options=feed)
    wanted = exact(model, monkeypatch)
    assert errors(estimates(model, objective(baseline, reward)), wanted).max() < 4.5
    assert errors(estimates(model, objective(baseline, reward, weight=0.0)), wanted).max() > 6


def test_a_reward_of_the_word_alone_is_wrong_where_draws_reach_later_words(monkeypatch):
    model = tiny()
    wanted = exact(model, monkeypatch)
    assert errors(estimates(model, objective("soft", "word")), wanted).max() > 6


def test_each_baseline_makes_the_estimate_less_noisy():
    noise = {
        baseline: float(estimates(tiny(), objective(baseline)).var(0).sum())
        for baseline in ("none", "moving-average", "soft")
    }
    assert noise["moving-average"] < noise["none"] / 2
    assert noise["soft"] < noise["none"] / 2


def test_the_words_before_a_draw_only_add_noise():
    sentence, future = (
        float(estimates(tiny(), objective("none", reward)).var(0).sum())
        for reward in ("sentence", "future")
    )
    assert future < sentence


def test_the_terms_have_their_weights_and_signs():
    model, src, tgt = tiny(), source(5, 3), target(4, 2)
    torch.manual_seed(4)
    losses = objective("moving-average", weight=0.5, entropy=0.25)(model, src, tgt, None)
    losses.total.backward()
    parts = {name: float(part) for name, part in losses.parts.items()}
    expected = float(losses.nll) + 0.5 * parts["reinforce"] - 0.25 * parts["entropy"]
    assert set(parts) == {"reinforce", "entropy"}
    assert parts["entropy"] > 0
    assert float(losses.total.detach()) == pytest.approx(expected)
    assert all(part.grad.isfinite().all() for part in model.parameters())


def test_padding_brings_nothing():
    model = tiny()
    together = objective(entropy=1.0)
    padded = torch.nn.functional.pad(target(3), (0, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hard, "drawn", lambda chances: chances.argmax(-1))
        short = together(model, source(4), target(3), None)
        longer = together(model, source(4), padded, None)
    assert float(longer.total.detach()) == pytest.approx(float(short.total.detach()))
    assert {n: float(p) for n, p in longer.parts.items()} == pytest.approx(
        {n: float(p) for n, p in short.parts.items()}
    )


def test_what_does_not_go_together_is_refused():
    with pytest.raises(UsageError, match="needs an attention that draws"):
        objective()(recurrent().train(), source(3), target(3), None)
    with pytest.raises(UsageError, match="no gradient passes"):
        Objective()(tiny(), source(3), target(3), None)


def test_the_moving_average_goes_by_the_word():
    loss = objective("moving-average")
    average = loss.estimator.baseline
    log_probs = torch.tensor([[-2.0, -4.0], [-6.0, 0.0]])
    seen = type("Seen", (), {"mask": torch.tensor([[True, True], [True, False]])})
    assert average(seen, log_probs).tolist() == [[0, 0], [0, 0]]
    assert average.average.item() == pytest.approx(0.1 * -4)
    second = average(seen, log_probs)
    assert second.tolist() == [pytest.approx([-0.4, -0.4]), pytest.approx([-0.4, 0.0])]
    assert average.average.item() == pytest.approx(0.9 * -0.4 + 0.1 * -4)
    assert "estimator.baseline.average" in loss.state_dict()
