"""Words that the vocabulary lacks and that a translation keeps."""

from __future__ import annotations

import pytest

from attncli.kept_words import KeptWords, common, kept_words
from attncli.text.pair import Pair
from attncli.text.preprocess import Preprocess
from attncli.text.subword import Subword

PAIRS = [Pair("the dog sees", "der Hund sieht"), Pair("a dog", "ein Hund")] * 5


def codec():
    return Subword(kind="word", vocab_size=12).train(PAIRS, Preprocess(), ("en", "de"))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Anna sieht Berta", 2),
        ("Berta sieht Anna", 1),  # the order counts
        ("Anna sieht Anna", 1),
        ("sieht Carla", 0),
        ("", 0),
    ],
)
def test_names_are_counted_in_the_references_order(text, right):
    pair = Pair("Anna sees Berta", "Anna sieht Berta")
    assert kept_words(codec(), [pair], [text]) == KeptWords(2, right)


def test_a_word_that_only_the_reference_has_is_not_to_be_kept():
    assert kept_words(codec(), [Pair("the dog", "Anna")], ["Anna"]) is None


def test_the_share_is_of_all_sentences_together():
    pairs = [Pair("Anna", "Anna"), Pair("Berta Carla Dora", "Berta Carla Dora")]
    found = kept_words(codec(), pairs, ["Anna", "Carla"])
    assert found is not None
    assert found.share == 0.5


def test_the_longest_common_subsequence():
    assert common([1, 2, 3, 4], [2, 4, 3]) == 2
    assert common([], [1]) == 0
