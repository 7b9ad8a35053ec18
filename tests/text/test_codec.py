"""What a model carries: ids of both sides, and the way back through preprocessing."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.errors import RunError
from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, SPACE, UNK
from attncli.text.preprocess import Preprocess
from attncli.text.subword import Subword

PAIRS = [Pair("Hello, old world!", "Hallo, alte Welt!")] * 20


def codec(preprocess: Preprocess, *, joint: bool = True) -> Codec:
    return Subword(kind="char", vocab_size=60, joint=joint).train(PAIRS, preprocess, ("en", "de"))


def test_each_side_ends_with_eos() -> None:
    made = codec(Preprocess())
    assert made.encode_source([""]) == made.encode_target([""]) == [[EOS]]
    assert made.encode_source(["old"])[0][-1] == EOS
    assert len(made.encode_source(["old", "", "world"])) == 3


def test_tokenised_text_comes_back_as_a_person_writes_it() -> None:
    made = codec(Preprocess(tokenize=True))
    ids = made.encode_target([PAIRS[0].tgt])[0]
    assert made.tgt.decode(ids) == "Hallo , alte Welt !"
    assert made.decode_target(ids) == PAIRS[0].tgt
    assert made.join(made.tgt.pieces(ids[:-1])) == PAIRS[0].tgt


def test_words_of_the_model_lead_to_words_of_the_line() -> None:
    made = codec(Preprocess(tokenize=True, lowercase=True))
    assert made.owners("Hello, old world!", 0) == [0, 0, 1, 2, 2]
    assert made.owners("", 0) == []
    assert codec(Preprocess()).owners("a b", 0) == [0, 1]


@pytest.mark.parametrize("joint", [True, False])
def test_a_loaded_codec_says_the_same(tmp_path: Path, joint: bool) -> None:
    made = codec(Preprocess(tokenize=True, lowercase=True), joint=joint)
    made.save(tmp_path / "deep" / "codec")
    again = Codec.load(tmp_path / "deep" / "codec")
    assert again.digest() == made.digest()
    assert again.languages == ("en", "de")
    assert again.encode_target([PAIRS[0].tgt]) == made.encode_target([PAIRS[0].tgt])
    assert (tmp_path / "deep" / "codec" / "tgt.model").exists() != joint


def test_the_digest_knows_preprocessing_languages_and_pieces() -> None:
    made = codec(Preprocess())
    others = [
        Codec(made.src, made.tgt, Preprocess(lowercase=True), ("en", "de")),
        Codec(made.src, made.tgt, Preprocess(), ("de", "en")),
        Subword(kind="char", vocab_size=15).train(PAIRS, Preprocess(), ("en", "de")),
    ]
    assert made.digest() not in {other.digest() for other in others}


def test_no_codec(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no codec"):
        Codec.load(tmp_path)


def words() -> Codec:
    pairs = [Pair("the dog sees", "der Hund sieht")] * 5
    return Subword(kind="word", vocab_size=12).train(pairs, Preprocess(), ("en", "de"))


def test_each_unknown_word_of_a_source_has_a_number_beyond_the_vocabulary() -> None:
    made = words()
    size = made.src.size
    (src,), (tgt,) = made.encode_pairs([("Anna sees Berta and Anna", "Berta sieht Carla Anna")])
    assert src[:1] + src[2:] == [size, size + 1, size + 2, size, EOS]
    assert [tgt[0], *tgt[2:]] == [size + 1, UNK, size, EOS]
    assert made.encode_source(["Anna sees Berta and Anna"]) == [src]
    assert made.encode_target(["Berta sieht Carla Anna"])[0].count(UNK) == 3


def test_numbered_words_come_back_as_they_stand_in_the_source() -> None:
    made = words()
    source, size = "Anna sees Berta", made.src.size
    (known,) = made.tgt.encode(["sieht"])
    ids = [size + 1, *known, size, EOS]
    assert made.decode_target(ids, source) == "Berta sieht Anna"
    assert made.pieces(ids[:1], 1, source) == [SPACE + "Berta"]
    assert made.decode_target(ids) == "⁇ sieht ⁇"
    assert made.words("Berta sieht Anna", ids, 1) == [0, 1, 2, -1]


def test_unknown_pieces_of_words_have_numbers_too() -> None:
    made = codec(Preprocess())
    ((*src, _),) = made.encode_source(["old Ж"])
    assert max(src) == made.src.size
    assert made.decode_target(src, "old Ж") == "old Ж"
