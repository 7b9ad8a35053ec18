"""Validation: the loss of a piece, and BLEU of what is really decoded."""

from __future__ import annotations

import json
import math

import pytest
from sacrebleu import corpus_bleu

import attncli as package
from attncli.errors import RunError
from attncli.evaluate import diagnose
from attncli.forced import force, perplexity
from attncli.text.batch import Batches
from attncli.text.pair import Pair
from attncli.text.store import Store, write_store
from attncli.text.tokenise import Kept
from attncli.train.trainer import GREEDY
from attncli.train.validation import Validation, Validator, require_number
from tests.running import sets, train


def parts_of(run, corpus):
    loaded = package.load(run).loaded
    src = (corpus / "val.en").read_text(encoding="utf-8").splitlines()
    tgt = (corpus / "val.de").read_text(encoding="utf-8").splitlines()
    pairs = [Pair(*both) for both in zip(src, tgt, strict=True)]
    store = Store(loaded.run.path / "data" / "valid")
    return loaded, pairs, Validator(loaded.codec, store, pairs, Batches(tokens=60))


@pytest.fixture(scope="module")
def parts(runs, corpus):
    return parts_of(runs / "first", corpus)


def test_the_loss_is_that_of_forced_decoding(parts):
    loaded, pairs, validator = parts
    found = validator.validate(loaded.model)
    assert found.perplexity == pytest.approx(perplexity(force(loaded, pairs))[0], rel=1e-4)
    assert found.bleu is None


def known(diagnosis):
    return {name: value for name, value in diagnosis.means().items() if value is not None}


def test_the_attention_looks_as_evaluation_says_and_is_on_record(parts, runs):
    loaded, pairs, validator = parts
    found = known(validator.validate(loaded.model).attention)
    expected = known(diagnose([one.attention for one in force(loaded, pairs, look=True)]))
    assert found == pytest.approx(expected, rel=1e-4)
    lines = (runs / "first" / "metrics.jsonl").read_text().splitlines()
    validated = [record for record in map(json.loads, lines) if "valid_loss" in record]
    assert all(0 < record["attention/entropy_share"] < 1 for record in validated)
    blind = package.load(runs / "blind").loaded
    assert validator.validate(blind.model).attention is None
    assert "attention/" not in (runs / "blind" / "metrics.jsonl").read_text()


def test_windows_are_watched_too(corpus, tmp_path):
    run = train(corpus, tmp_path, "local", "--attention", "local-p", *sets("train.epochs=1"))
    loaded, pairs, validator = parts_of(run, corpus)
    found = known(validator.validate(loaded.model).attention)
    expected = known(diagnose([one.attention for one in force(loaded, pairs, look=True)]))
    assert found == pytest.approx(expected, rel=1e-4)
    assert 0 <= found["stillness"] <= 1


def test_bleu_is_that_of_greedy_translations(parts, runs):
    loaded, pairs, validator = parts
    model = package.load(runs / "first")
    texts = [one.text for one in model.look([pair.src for pair in pairs], search=GREEDY)]
    expected = corpus_bleu(texts, [[pair.tgt for pair in pairs]], force=True).score
    found = validator.validate(loaded.model, GREEDY).bleu
    assert found == pytest.approx(expected)
    assert 0 < found < 100


def test_the_model_is_left_as_it_was(parts):
    loaded, _, validator = parts
    for training in (True, False):
        loaded.model.train(training)
        validator.validate(loaded.model, GREEDY)
        assert loaded.model.training is training


def test_dropout_does_not_act(parts):
    loaded, _, validator = parts
    loaded.model.train()
    first, second = (validator.validate(loaded.model).loss for _ in range(2))
    loaded.model.eval()
    assert first == second


def test_perplexity_is_of_a_piece_and_never_overflows():
    assert Validation(math.log(7.0), None, 0.0).perplexity == pytest.approx(7)
    assert math.isfinite(Validation(1e6, None, 0.0).perplexity)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_refused(loss):
    require_number(5.0, "step 2")
    with pytest.raises(RunError, match=r"step 3: the loss is .*, training has diverged"):
        require_number(loss, "step 3")


def test_what_divides_documents_is_no_sentence_of_bleu(parts, runs, tmp_path):
    _, pairs, validator = parts
    untaught = package.load(runs / "second").loaded  # writes something for an empty line
    expected = validator.validate(untaught.model, GREEDY)
    apart = [one for pair in pairs for one in (Pair("", ""), pair)]
    kept = (Kept(pair, not pair.blank) for pair in apart)
    store = write_store(tmp_path / "valid", kept, untaught.codec, lambda done: None)
    divided = Validator(untaught.codec, store, apart, Batches(tokens=60))
    found = divided.validate(untaught.model, GREEDY)
    assert (found.loss, found.bleu) == pytest.approx((expected.loss, expected.bleu), rel=1e-5)
