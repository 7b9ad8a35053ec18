"""Looking at a model of documents: every map is of the pass that read the sentences before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import attncli as package
from attncli.compare.report.sample import sample, see
from attncli.experiment import source_of
from attncli.look import DECODER, forced, searched
from attncli.objective import shifted
from attncli.search import Search
from attncli.text.pair import Pair
from attncli.translate import Translator
from tests.running import attncli, sets

SIZES = ["dim=16", "feed_forward=24", "heads=2", "layers=2", "source_context=hierarchical"]


@pytest.fixture(scope="module")
def loaded(documents, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    where = ("--data", documents, "--runs", runs, "--run-name", "document", "--threads", 1)
    model = sets("model=transformer", *(f"model.{one}" for one in SIZES), "data.documents=blank")
    few = sets("subword.vocab_size=120", "train.epochs=1", "train.optimizer.lr=0.01")
    done = attncli("train", *where, *model, *few)
    assert done.code == 0, done.err
    return package.load(runs / "document").loaded


def pairs(document):
    lines = ["ein rot Haus", "zwei blau Hund", "drei vier"]
    return [Pair(line, line.upper(), document=document) for line in lines]


def decoder_maps(looks):
    return [one[0].maps[DECODER].weights for one in looks]


def by_the_model(loaded, text, before, ids):
    """The decoder's map from one pass behind the sentences before, the nearest first."""
    encode = loaded.codec.encode_source
    source = source_of(encode([text]), next(loaded.model.parameters()).device, [encode(before)])
    own = loaded.model.self_attention(source, shifted(torch.tensor([ids])))
    return own["decoder"][0].detach().numpy()


def test_a_reference_is_read_behind_its_document(loaded):
    given = pairs("a")
    first, second, third = decoder_maps(forced(loaded, given))
    _, targets = loaded.codec.encode_pairs([(pair.src, pair.tgt) for pair in given])
    expected = by_the_model(loaded, given[1].src, [given[0].src], targets[1])
    np.testing.assert_allclose(second, expected, atol=1e-6)
    apart = decoder_maps(forced(loaded, pairs(None)))
    np.testing.assert_allclose(first, apart[0], atol=1e-6)
    assert np.abs(second - apart[1]).max() > 1e-5
    assert np.abs(third - apart[2]).max() > 1e-5


def test_so_is_a_translation(loaded):
    given = pairs("a")
    translator = Translator([loaded], Search(beam=1))
    maps = decoder_maps(searched(translator, given))
    lines = [pair.src for pair in given]
    found = translator.translate(lines, documents=["a"] * 3)
    for number, before in enumerate(([], lines[:1], [lines[1], lines[0]])):
        ids = found[number].hypotheses[0].ids
        expected = by_the_model(loaded, lines[number], before, ids)
        np.testing.assert_allclose(maps[number], expected, atol=1e-6)


def test_the_sentences_of_a_report_are_read_behind_their_documents(loaded):
    words = ["ein", "rot", "Haus", "steht", "zwei", "blau", "Hund", "drei"]
    lines = [" ".join(words[: 1 + (5 * number) % 8]) for number in range(12)]
    text = [Pair(line, line.upper(), document=str(n // 4)) for n, line in enumerate(lines)]
    whole = forced(loaded, text)
    for number, look in zip(sample(text), see(loaded, "test", text), strict=True):
        assert look.score == pytest.approx(whole[number][0].score, abs=1e-4)
        np.testing.assert_allclose(look.cross.weights, whole[number][0].cross.weights, atol=1e-5)
