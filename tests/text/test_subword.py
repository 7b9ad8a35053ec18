"""Pieces: back to the same text, each of a known word, whatever a person writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.errors import DataError, RunError, UsageError
from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, SPACE, UNK
from attncli.text.preprocess import Preprocess
from attncli.text.subword import Subword

PAIRS = [
    Pair("the old dog sleeps", "der alte hund schläft"),
    Pair("the dog sees a ▁ cat", "der hund sieht eine ▁ katze"),
    Pair("a cat wrote </s> and <unk> twice", "eine katze schrieb </s> und <unk> zweimal"),
    Pair("", "nothing on the other side"),
] * 20


def codec(subword: Subword) -> Codec:
    return subword.train(PAIRS, Preprocess(), ("en", "de"))


@pytest.mark.parametrize("kind", ["unigram", "bpe", "char", "word"])
@pytest.mark.parametrize("line", [pair.tgt for pair in PAIRS[:3]])
def test_text_comes_back(kind: str, line: str) -> None:
    made = codec(Subword(kind=kind, vocab_size=70))
    ids = made.encode_target([line])[0]
    assert ids[-1] == EOS
    assert not {0, 2, 3} & set(ids[:-1])
    if kind != "word":
        assert made.decode_target(ids) == line


@pytest.mark.parametrize("kind", ["unigram", "bpe", "char", "word"])
def test_words_are_those_between_white_space(kind: str) -> None:
    made = codec(Subword(kind=kind, vocab_size=70))
    line = "a\u00a0dog\tand\u2028zzqq qqzz ▁ sees a▁b"
    ids = made.encode_source([line])[0]
    words = made.src.words(ids)
    assert words[-1] == -1
    assert sorted(set(words[:-1])) == list(range(len(line.split())))


def test_unknown_words_side_by_side_stay_apart() -> None:
    made = codec(Subword(kind="word", vocab_size=70))
    assert made.src.encode(["the qq zz dog"])[0][1:3] == [UNK, UNK]
    assert len(made.encode_source(["the qq zz dog"])[0]) == 5


@pytest.mark.parametrize("end", [[], [EOS]])
def test_words_are_those_of_the_decoded_text(end: list[int]) -> None:
    made = codec(Subword(kind="char", vocab_size=70)).src
    space, a = (made.processor.piece_to_id(sign) for sign in (SPACE, "a"))
    for ids in ([a, space, space, a], [space, a, space], [a, UNK, space, a, space], [space]):
        words = [word for word in made.words(ids + end) if word >= 0]
        assert max(words) + 1 == max(1, len(made.decode(ids).split()))


def test_the_same_text_gives_the_same_model() -> None:
    assert codec(Subword(vocab_size=70)).digest() == codec(Subword(vocab_size=70)).digest()


@pytest.mark.parametrize("kind", ["char", "word"])
def test_what_has_one_cut_cannot_be_sampled(kind: str) -> None:
    with pytest.raises(UsageError, match="one way only"):
        Subword(kind=kind, sampling=0.1)


@pytest.mark.parametrize(
    ("size", "message"), [(9999, "too many, this text gives"), (10, "characters alone need")]
)
def test_a_size_that_does_not_fit_names_one_that_does(size: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        codec(Subword(kind="bpe", vocab_size=size))


@pytest.mark.parametrize("joint", [True, False])
def test_saved_and_loaded_it_is_the_same(tmp_path: Path, joint: bool) -> None:
    made = codec(Subword(joint=joint, vocab_size=60))
    made.save(tmp_path)
    again = Codec.load(tmp_path)
    assert again.digest() == made.digest()
    assert (again.src is again.tgt) == joint
    assert again.encode_source(["the dog"]) == made.encode_source(["the dog"])


def test_a_damaged_codec_says_so(tmp_path: Path) -> None:
    codec(Subword(vocab_size=60)).save(tmp_path)
    (tmp_path / "src.model").write_bytes(b"?")
    with pytest.raises(RunError, match="damaged"):
        Codec.load(tmp_path)


def test_every_number_is_an_id_in_order_whatever_the_text() -> None:
    made = codec(Subword(kind="number", vocab_size=104))
    assert made.src.size == 104
    assert made.src.encode(["0 7 99 100 x"]) == [[4, 11, 103, UNK, UNK]]
    assert made.src.decode([103, 4]) == "99 0"
