"""One SentencePiece model: signs that look like marks stay text, words keep their numbers."""

from __future__ import annotations

import pytest

from attncli.text.pair import Pair
from attncli.text.piece_model import BOS, EOS, FEW, NO_WORD, PAD, SPACE, UNK, PieceModel, tidy
from attncli.text.preprocess import Preprocess
from attncli.text.subword import Subword

TEXT = "a dog and <script> or <unk> </s> <s> <pad> x▁y ▁ end"
KINDS = ["unigram", "bpe", "char"]


def model(kind: str) -> PieceModel:
    subword = Subword(kind=kind, vocab_size=40)
    return subword.train([Pair(TEXT, TEXT)] * 30, Preprocess(), ("en", "de")).src


@pytest.mark.parametrize("kind", KINDS)
def test_signs_that_look_like_marks_are_text(kind: str) -> None:
    made = model(kind)
    ids = made.encode([TEXT])[0]
    assert not {PAD, UNK, BOS, EOS} & set(ids)
    assert made.decode(ids) == TEXT
    assert made.words(ids)[-1] == len(TEXT.split()) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_each_piece_spells_its_own_word(kind: str) -> None:
    made = model(kind)
    ids = made.encode([TEXT])[0]
    for number, word in enumerate(TEXT.split()):
        own = [token for token, owner in zip(ids, made.words(ids), strict=True) if owner == number]
        assert made.decode(own) == word


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_character_is_shown_and_moves_no_word(kind: str) -> None:
    made = model(kind)
    ids = made.encode(["a ж dog"])[0]
    assert UNK in ids
    assert made.decode(ids) == "a ⁇ dog"
    assert sorted(set(made.words(ids))) == [0, 1, 2]


def test_marks_are_no_words() -> None:
    made = model("char")
    ids = [BOS, *made.encode(["a dog"])[0], EOS, PAD]
    assert made.words(ids)[0] == NO_WORD
    assert made.words(ids)[-2:] == [NO_WORD, NO_WORD]
    assert made.words([EOS]) == [NO_WORD]
    assert made.words([]) == []
    assert made.decode(ids) == "a dog"


@pytest.mark.parametrize("kind", [*KINDS, "word"])
@pytest.mark.parametrize("line", ["", " ", "\u2028"])
def test_a_blank_line_has_no_pieces(kind: str, line: str) -> None:
    assert model(kind).encode([line]) == [[]]


def test_join_is_what_decode_writes() -> None:
    for kind in [*KINDS, "word"]:
        made = model(kind)
        ids = made.encode(["a dog and x▁y"])[0]
        assert made.join(made.pieces(ids)) == made.decode(ids) == "a dog and x▁y"


def test_tidy_leaves_no_space_that_a_person_wrote() -> None:
    assert tidy(" a\u00a0\tb\u2028c ") == "a b c"
    assert SPACE not in tidy("x▁y")


@pytest.mark.parametrize("kind", KINDS)
def test_few_lines_are_cut_as_many_are(kind: str) -> None:
    made = model(kind)
    lines = [TEXT, "", "a  dog\u2028and ▁ 狗", "x" * 300]
    assert [made.encode([line])[0] for line in lines] * FEW == made.encode(lines * FEW)
