"""The decoding loop against an exhaustive one, and its options."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from attncli.errors import RunError
from attncli.models.ensemble import Ensemble
from attncli.objective import shifted
from attncli.search import Search
from attncli.text.piece_model import BOS, EOS
from tests.models.builders import VOCAB, recurrent, source, transformer


def every_translation(model, src, longest):
    """(score, ids) of every translation of up to `longest` pieces, best first."""
    found = []
    for length in range(1, longest + 1):
        body = itertools.product([i for i in range(VOCAB) if i != EOS], repeat=length - 1)
        ids = torch.tensor([[*words, EOS] for words in body])
        many = src.select(torch.zeros(len(ids), dtype=torch.long))
        with torch.no_grad():
            decoded = model(many, shifted(ids))
            each = model.output.log_probs(decoded, many).gather(2, ids.unsqueeze(2)).sum((1, 2))
        scores = each / ((5 + length) / 6)
        found += list(zip(scores.tolist(), ids.tolist(), strict=True))
    return sorted(found, key=lambda pair: -pair[0])


def test_a_wide_beam_finds_the_best_of_all_translations():
    model, src = recurrent(), source(4)
    best = every_translation(model, src, 3)
    search = Search(beam=500, max_ratio=0.0, max_extra=3, n_best=5)
    (found,) = search.find(model, src)
    for hypothesis, (score, ids) in zip(found, best, strict=False):
        assert hypothesis.ids == ids
        assert hypothesis.score == pytest.approx(score, abs=1e-4)


def test_greedy_takes_the_best_word_at_every_step():
    model, src = transformer(), source(6, 3)
    for row, (found,) in enumerate(Search(beam=1).find(model, src)):
        alone = src.select(torch.tensor([row]))
        for place, token in enumerate(found.ids[:-1] if found.cut else found.ids):
            prefix = torch.tensor([[*found.ids[:place], 0]])
            with torch.no_grad():
                decoded = model(alone, shifted(prefix))
                best = model.output.log_probs(decoded, alone)[0, -1].argmax()
            assert int(best) == token


@pytest.mark.parametrize("model", [recurrent("local-p"), recurrent("none"), transformer()])
@pytest.mark.parametrize("ends", [-100.0, 0.0, 2.0])
def test_greedy_is_a_beam_of_one(model, ends):
    with torch.no_grad():
        model.output.bias[EOS] = ends
    search = Search(beam=1, max_ratio=2.0, max_extra=3)
    src = source(9, 3, 6, 1, 5)
    with torch.inference_mode():
        plain = search.by_beam(model, src, search.limits(src), look=True, seeds=None)
    for (found,), (expected,) in zip(search.find(model, src, look=True), plain, strict=True):
        assert (found.ids, found.cut) == (expected.ids, expected.cut)
        assert found.score == pytest.approx(expected.score, abs=1e-5)
        assert found.log_prob == pytest.approx(expected.log_prob, abs=1e-5)
        assert (found.weights is None) == (expected.weights is None)
        if found.weights is not None:
            np.testing.assert_allclose(found.weights, expected.weights, atol=1e-5)
        assert found.trace.keys() == expected.trace.keys()


def test_every_hypothesis_is_scored_once(monkeypatch):
    model, scored = recurrent(), []
    with torch.no_grad():
        model.output.bias[EOS] = -100.0
    logits = model.output.logits

    def counted(hidden):
        scored.append(hidden[..., 0].numel())
        return logits(hidden)

    monkeypatch.setattr(model.output, "logits", counted)
    Search(beam=3, max_ratio=1.0, max_extra=1).find(model, source(3, 3))
    # at first there is one hypothesis of each sentence; at its limit it only ends
    assert scored == [2 * 1, 2 * 3, 2 * 3, 2 * 3]


def test_the_limit_depends_on_the_sentence_alone():
    model = recurrent()
    with torch.no_grad():
        model.output.bias[EOS] = -100.0
    search = Search(beam=2, max_ratio=1.0, max_extra=2)
    found = search.find(model, source(9, 3))
    assert [len(best[0].ids) for best in found] == [11, 5]
    assert all(best[0].cut and best[0].ids[-1] == EOS for best in found)


def test_n_best_are_different_and_in_order():
    (found,) = Search(beam=4, n_best=4).find(recurrent(), source(6))
    assert len(found) == 4
    assert len({tuple(one.ids) for one in found}) == 4
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_length_penalty_makes_translations_longer():
    model, src = recurrent(), source(8, 8, 8, 8)

    def length(alpha):
        found = Search(beam=6, length_penalty=alpha).find(model, src)
        return sum(len(best[0].ids) for best in found)

    assert length(0.0) < length(6.0)


def test_a_coverage_penalty_changes_the_score_as_its_equation_says():
    model, src = recurrent(), source(6)
    search = Search(beam=3, coverage_penalty=0.7)
    ((found, *_),) = search.find(model, src, look=True)
    covered = torch.from_numpy(found.weights)[0, 0].sum(0).clamp(1e-9, 1.0)
    plain = found.log_prob / ((5 + len(found.ids)) / 6)
    assert found.score == pytest.approx(plain + 0.7 * float(covered.log().sum()), abs=1e-4)


def test_samples_follow_the_model():
    model, src = recurrent(), source(4)
    many = Search(beam=2000, n_best=2000, sample=True).find(model, src)[0]
    first = torch.bincount(torch.tensor([one.ids[0] for one in many]), minlength=VOCAB) / 2000
    with torch.no_grad():
        decoded = model(src, torch.tensor([[2]]))
        expected = model.output.log_probs(decoded, src)[0, 0].exp()
    torch.testing.assert_close(first, expected, atol=0.035, rtol=0)
    cold = Search(beam=50, n_best=50, sample=True, temperature=0.05).find(model, src)[0]
    assert sum(one.log_prob / len(one.ids) for one in cold) / 50 > sum(
        one.log_prob / len(one.ids) for one in many
    ) / len(many)
    greedy = Search(beam=1).find(model, src)[0][0]
    assert Search(beam=1, sample=True, top_k=1).find(model, src)[0][0].ids == greedy.ids


def test_samples_repeat_with_the_seed():
    model, src = recurrent(), source(5)

    def draw(seed):
        search = Search(beam=5, n_best=5, sample=True)
        return [one.ids for one in search.find(model, src, seeds=[[seed]])[0]]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_what_is_drawn_for_a_sentence_does_not_depend_on_its_batch():
    model, src = recurrent(), source(9, 2, 5, 5)
    search, seeds = Search(beam=3, n_best=3, sample=True), [[7, row] for row in range(4)]

    def ids(found):
        return [[one.ids for one in sentence] for sentence in found]

    together = ids(search.find(model, src, seeds=seeds))
    for row in range(4):
        alone = src.select(torch.tensor([row]))
        assert ids(search.find(model, alone, seeds=seeds[row : row + 1])) == [together[row]]
    assert together[2] != together[3]


def test_a_word_without_a_chance_is_never_drawn():
    model, src = recurrent(), source(6)
    search = Search(beam=200, n_best=200, sample=True, top_k=2, temperature=50.0)
    (found,) = search.find(model, src)
    with torch.no_grad():
        decoded = model(src, torch.tensor([[BOS]]))
        best = model.output.log_probs(decoded, src)[0, 0].topk(2).indices.tolist()
    assert {one.ids[0] for one in found} == set(best)


def test_an_ensemble_averages_probabilities():
    models, src = [recurrent(), transformer()], source(6, 3)
    together = Ensemble(models)
    found = Search(beam=1).find(together, src, look=True)
    for row, (best,) in enumerate(found):
        alone = src.select(torch.tensor([row]))
        ids = torch.tensor([best.ids])
        with torch.no_grad():
            each = [m.output.log_probs(m(alone, shifted(ids)), alone).exp() for m in models]
        mean = (sum(each) / 2).log().gather(2, ids.unsqueeze(2)).sum()
        assert best.log_prob == pytest.approx(float(mean), abs=1e-4)
        assert best.weights.shape == (2, 1, len(best.ids), 6)


def test_an_ensemble_of_one_model_twice_is_that_model():
    model, src = transformer(), source(6, 3)
    twice = Search(beam=3).find(Ensemble([model, model]), src)
    once = Search(beam=3).find(model, src)
    assert [best[0].ids for best in twice] == [best[0].ids for best in once]


@pytest.mark.parametrize("model", [recurrent("local-p"), transformer()], ids=["local-p", "heads"])
def test_what_was_seen_on_the_way_is_what_forcing_shows(model):
    src = source(6)
    (found,) = Search(beam=3, n_best=3).find(model, src, look=True)
    for one in found:
        with torch.no_grad():
            decoded = model(src, shifted(torch.tensor([one.ids])), True)
            seen = model.output.look(decoded, src)
        assert one.trace.keys() == seen.keys()
        for name, part in one.trace.items():
            assert part == pytest.approx(seen[name][0].numpy(), abs=1e-4), name


def test_nothing_is_kept_when_nobody_looks():
    (found,) = Search(beam=2).find(recurrent("local-p"), source(6))
    assert (found[0].weights, found[0].trace) == (None, {})
    decoded = transformer()(source(4), torch.tensor([[1, 2]]))
    assert (decoded.weights, decoded.trace) == (None, {})


def test_a_model_whose_scores_are_no_numbers_is_refused():
    model = recurrent()
    with torch.no_grad():
        model.output.bias.fill_(math.nan)
    with pytest.raises(RunError, match="its training has diverged"):
        Search(beam=2).find(model, source(6, 3))


@pytest.mark.parametrize("beam", [1, 3])
def test_only_attention_multiplies_sentence_by_sentence(beam):
    model = recurrent().requires_grad_(False)  # as it is loaded
    model.output.bias[EOS] = -100.0
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        Search(beam=beam, max_ratio=0.0, max_extra=5).find(model, source(4, 3))
    counts = {event.key: event.count for event in watched.key_averages()}
    assert counts["aten::bmm"] == 2 * 5, "the scores and the context of each step"
