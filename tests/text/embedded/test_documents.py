"""The embedded documents: `it` can only be known from the sentence before."""

from __future__ import annotations

import random
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from attncli.errors import UsageError
from attncli.text.corpus import Data
from attncli.text.embedded.documents import DOCUMENTS, Narrator, documents, write
from attncli.text.embedded.lexicon import GENDERS, Noun, lexicon, packaged_grammar
from attncli.text.pair import Pair

FORMS = {"er": "m", "ihn": "m", "sie": "f", "es": "n"}
OTHER_PRONOUNS = {"he", "him", "she", "her", "we", "us", "they", "them"}
SPLITS = {split: list(documents(split)) for split in DOCUMENTS}
PAIRS = [pair for split in SPLITS.values() for pair in split]
THINGS: dict[str, Noun] = {
    form: noun
    for kind, nouns in lexicon(packaged_grammar()).nouns.items()
    if kind != "person"
    for noun in nouns
    for form in noun.en
}


def told() -> list[list[Pair]]:
    return [
        list(pairs)
        for split in SPLITS.values()
        for _, pairs in groupby(split, key=lambda pair: pair.document)
    ]


def again(pair: Pair) -> bool:
    return "it" in pair.src.split()


def gender(pair: Pair) -> str:
    """The gender of the German word that `it` is linked with."""
    place = pair.src.split().index("it")
    (target,) = [target for source, target in pair.links or () if source == place]
    return FORMS[pair.tgt.split()[target]]


def test_documents_are_short_and_begin_with_a_name() -> None:
    assert {split: len({p.document for p in pairs}) for split, pairs in SPLITS.items()} == DOCUMENTS
    for pairs in told():
        assert 2 <= len(pairs) <= 4
        assert not again(pairs[0])
        assert any(map(again, pairs))


def test_what_it_stands_for_is_in_the_sentence_before_and_nowhere_else() -> None:
    checked = 0
    for pairs in told():
        for before, pair in pairwise(pairs):
            if not again(pair):
                continue
            named = [THINGS[word] for word in before.src.split() if word in THINGS]
            (noun,) = named
            assert gender(pair) == GENDERS[noun.gender]
            words = pair.src.split()
            assert words.count("it") == 1
            assert not OTHER_PRONOUNS & set(words)
            assert not [word for word in words if word in THINGS and THINGS[word].kind == noun.kind]
            assert len(FORMS.keys() & set(pair.tgt.split())) == 1
            checked += 1
    assert checked > 5000


def test_sentences_further_back_can_mislead() -> None:
    chains = [pairs for pairs in told() if [again(p) for p in pairs[:3]] == [False, False, True]]
    named = [
        [THINGS[w].gender for p in pairs[:2] for w in p.src.split() if w in THINGS]
        for pairs in chains
    ]
    assert 0.5 < sum(first != second for first, second in named) / len(named) < 0.8


def test_every_gender_is_as_likely_and_the_sentence_does_not_tell() -> None:
    its = [pair for pair in PAIRS if again(pair)]
    shares = Counter(map(gender, its))
    assert all(0.31 < shares[name] / len(its) < 0.36 for name in GENDERS)
    by_sentence: dict[str, Counter[str]] = {}
    for pair in its:
        by_sentence.setdefault(pair.src, Counter())[gender(pair)] += 1
    often = [found for found in by_sentence.values() if sum(found.values()) >= 50]
    assert len(often) > 5
    assert all(max(found.values()) < 0.6 * sum(found.values()) for found in often)


def test_no_sentence_that_names_something_comes_twice() -> None:
    sources = [pair.src.removesuffix(" .") for pair in PAIRS if not again(pair)]
    assert len(set(sources)) == len(sources)


def test_it_is_the_same_every_time_and_another_with_another_seed() -> None:
    words = lexicon(packaged_grammar())
    first, again, other = (Narrator(words, random.Random(seed)).document() for seed in (1, 1, 2))
    assert (
        first == again == [p._replace(document=None) for p in SPLITS["test"] if p.document == "0"]
    )
    assert first != other
    corpus = Data(name="embedded-documents").load()
    assert list(corpus.tests["test"]) == SPLITS["test"]
    assert corpus.train is not None
    assert next(iter(corpus.train)).document == "0"


def test_it_can_be_read_in_the_other_direction() -> None:
    split = Data(name="embedded-documents", src="de", tgt="en").load().tests["test"]
    assert next(iter(split))[:2] == (SPLITS["test"][0].tgt, SPLITS["test"][0].src)


def test_it_is_the_same_read_back_from_files(tmp_path: Path) -> None:
    assert len(write(tmp_path)) == 9
    split = Data(name=str(tmp_path), documents="blank").load().tests["test"]
    pairs = [pair for pair in split if not pair.blank]
    assert pairs == SPLITS["test"]


def test_there_is_no_such_split() -> None:
    with pytest.raises(UsageError, match=r"no split 'tset'; did you mean 'test'\?"):
        next(documents("tset"))
