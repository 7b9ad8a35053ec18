"""What a model carries: ids of both sides, and the way back through preprocessing."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.errors import RunError
from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS
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
