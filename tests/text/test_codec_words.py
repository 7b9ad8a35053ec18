"""Pieces are counted in the words that the user wrote, whatever preprocessing made of them."""

from __future__ import annotations

from attncli.text.pair import Pair
from attncli.text.preprocess import Preprocess
from attncli.text.subword import Subword


def test_a_comma_that_was_cut_off_belongs_to_the_word_it_hung_on():
    pairs = [Pair("the dog,the cat sleeps", "der Hund, die Katze")] * 20
    codec = Subword(kind="word", vocab_size=30).train(
        pairs, Preprocess(tokenize=True), ("en", "de")
    )
    line = "the dog,the cat sleeps"
    (ids,) = codec.encode_source([line])
    assert codec.src.words(ids) == [0, 1, 2, 3, 4, 5, -1]
    assert codec.words(line, ids, 0) == [0, 1, 1, 1, 2, 3, -1]


def test_a_word_that_preprocessing_deletes_is_not_followed():
    codec = Subword(kind="word", vocab_size=30).train(
        [Pair("the dog sleeps", "der Hund schläft")] * 20, Preprocess(tokenize=True), ("en", "de")
    )
    line = "the \x07 dog sleeps"
    (ids,) = codec.encode_source([line])
    assert codec.owners(line, 0) is None
    assert codec.words(line, ids, 0) == [0, 1, 2, -1]
