"""Attention maps: merging pieces to words by hand, both readings, and storage without loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attncli.attention_map import AttentionMap
from attncli.errors import DataError, UsageError
from attncli.pieces import spell, word_matrix


@pytest.fixture
def entry() -> AttentionMap:
    """Two source words of 1 and 2 pieces, two target words of 2 and 1, `</s>` on both sides."""
    weights = np.array(
        [
            [0.7, 0.1, 0.2, 0.0],
            [0.5, 0.3, 0.1, 0.1],
            [0.0, 0.2, 0.4, 0.4],
            [0.1, 0.0, 0.0, 0.9],
        ],
        dtype=np.float32,
    )
    return AttentionMap(
        src=["▁the", "▁hou", "se", "</s>"],
        tgt=["▁d", "as", "▁Haus", "</s>"],
        weights=weights[None, None],
        src_words=[0, 1, 1, -1],
        tgt_words=[0, 0, 1, -1],
        links=[(0, 0), (1, 1)],
        trace={"centre": np.array([0.0, 1.0, 2.0, 3.0]), "scores": np.log(weights + 0.5)},
        mechanism="local-p",
        run="demo",
    )


def test_words_sum_over_source_pieces_and_average_over_target_pieces(entry: AttentionMap) -> None:
    words = entry.words()
    assert list(words.src) == ["the", "house", "</s>"]
    assert list(words.tgt) == ["das", "Haus", "</s>"]
    expected = [[0.6, 0.35, 0.05], [0.0, 0.6, 0.4], [0.1, 0.0, 0.9]]
    np.testing.assert_allclose(words.weights[0, 0], expected, atol=1e-6)
    np.testing.assert_allclose(words.weights.sum(-1), 1, atol=1e-6)
    assert words.src_words == [0, 1, -1]
    assert words.tgt_words == [0, 1, -1]


def test_traces_follow_the_words(entry: AttentionMap) -> None:
    words = entry.words()
    # centres 0 and 1 fall on words 0 and 1, 2 is the end of word 1, 3 is the third column
    np.testing.assert_allclose(words.trace["centre"], [0.5, 1, 2])
    scores = entry.trace["scores"]
    assert words.trace["scores"][0, 1] == pytest.approx(scores[:2, 1:3].mean())


def test_words_of_words_are_the_same(entry: AttentionMap) -> None:
    words = entry.words()
    np.testing.assert_array_equal(words.words().weights, words.weights)
    assert list(words.words().src) == list(words.src)


def test_the_output_reading_leaves_the_ends_out(entry: AttentionMap) -> None:
    expected = [[0.6, 0.35], [0.0, 0.6]]
    np.testing.assert_allclose(entry.word_matrix()[0, 0], expected, atol=1e-6)


def test_the_input_reading_takes_the_row_after(entry: AttentionMap) -> None:
    # "das" was read by rows 1 and 2, "Haus" by row 3
    expected = [[0.25, 0.5], [0.1, 0.0]]
    np.testing.assert_allclose(entry.word_matrix("input")[0, 0], expected, atol=1e-6)


def test_a_last_word_that_nothing_read_gets_zeros() -> None:
    weights = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    read = word_matrix(weights, [0, 1], [0, 0, 1], "input")
    np.testing.assert_allclose(read, [[0.25, 0.75], [0, 0]])
    partly = word_matrix(weights, [0, 1], [0, 1, 1], "input")
    np.testing.assert_allclose(partly, [[0.2, 0.8], [0.3, 0.7]])


def test_empty_sides_have_no_words() -> None:
    assert word_matrix(np.ones((1, 1)), [-1], [-1], "output").shape == (0, 0)
    assert word_matrix(np.ones((1, 1)), [-1], [-1], "input").shape == (0, 0)
    assert word_matrix(np.ones((2, 3, 0, 1)), [0], [], "input").shape == (2, 3, 0, 1)


def many_headed(entry: AttentionMap) -> AttentionMap:
    weights = np.stack([entry.weights[0, 0] * k for k in range(6)]).reshape(2, 3, 4, 4)
    trace = {"gate": np.arange(24.0).reshape(2, 3, 4)}
    return replace(entry, weights=weights, trace=trace)


def test_heads_and_means_are_chosen_and_named(entry: AttentionMap) -> None:
    heads = many_headed(entry)
    chosen = heads.head(1, 2)
    np.testing.assert_array_equal(chosen.weights, entry.weights * 5)
    np.testing.assert_array_equal(chosen.trace["gate"], [[[20, 21, 22, 23]]])
    assert chosen.title == "local-p · layer 2, head 3 · demo"
    np.testing.assert_allclose(heads.mean(1).weights, entry.weights * 4)
    np.testing.assert_allclose(heads.mean().weights, entry.weights * 2.5)
    np.testing.assert_allclose(heads.mean().trace["gate"], [[[10, 11, 12, 13]]])
    assert "layer 2" in heads.mean(1).title


def test_what_is_one_for_all_heads_is_shown_with_each(entry: AttentionMap) -> None:
    heads = replace(many_headed(entry), trace={"gate": np.arange(4.0)[None, None]})
    for chosen in (heads.head(1, 2), heads.mean(0), heads.mean(), heads.words().head(0, 1)):
        assert chosen.trace["gate"].shape == (1, 1, len(chosen.tgt))
    np.testing.assert_array_equal(heads.head(1, 2).trace["gate"], [[[0, 1, 2, 3]]])


def test_a_layer_or_head_that_is_not_there_is_refused(entry: AttentionMap) -> None:
    heads = many_headed(entry)
    with pytest.raises(UsageError, match=r"no layer 3 of 2 \(Python's 2"):
        heads.head(2, 0)
    with pytest.raises(UsageError, match="no head 0 of 3"):
        heads.head(0, -1)
    with pytest.raises(UsageError, match="no layer 6 of 2"):
        heads.mean(5)


def test_gold_links_stand_at_every_piece_of_their_words(entry: AttentionMap) -> None:
    assert entry.gold_cells() == {(0, 0), (1, 0), (2, 1), (2, 2)}
    assert entry.words().gold_cells() == {(0, 0), (1, 1)}
    assert replace(entry, links=None).gold_cells() == set()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": np.zeros((1, 1, 3, 4))}, "do not fit 4 target and 4 source pieces"),
        ({"weights": np.zeros((4, 4))}, "do not fit"),
        ({"trace": {"gate": np.zeros(3)}}, "trace 'gate'"),
        ({"trace": {"gate": np.float64(1)}}, "trace 'gate'"),
        ({"trace": {"gate": np.zeros((2, 2, 4))}}, "trace 'gate'"),
        ({"src_words": [0, 1, 1]}, "word numbers"),
        ({"tgt_words": [0, 0, 2, -1]}, "without a gap"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    entry: AttentionMap, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        replace(entry, **changes)


@pytest.mark.parametrize(
    ("pieces", "word"),
    [
        (["▁hou", "se"], "house"),
        (["▁", "x"], "x"),
        (["▁"], "▁"),
        (["▁a", "<0xC3>", "<0xA4>", "b"], "aäb"),
        (["</s>"], "</s>"),
        (["<0xFF>"], "\ufffd"),
    ],
)
def test_spelling_words_out(pieces: list[str], word: str) -> None:
    assert spell(pieces) == word
