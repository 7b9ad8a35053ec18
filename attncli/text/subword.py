"""Words cut into pieces by SentencePiece (Kudo and Richardson 2018, arXiv 1808.06226)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Literal

from sentencepiece import SentencePieceTrainer

from attncli.errors import DataError, UsageError
from attncli.marks import FIRST
from attncli.registry import Positive, Range
from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import BOS, EOS, PAD, UNK, PieceModel, tidy
from attncli.text.preprocess import Preprocess
from attncli.text.sampling import BpeDropout, Sampler, UnigramSampler

LINES = 2_000_000
CHUNK = 10_000
# SentencePiece cuts these out of what it learns from, and their signs would be unknown.
_MARKS = re.compile(r"<(?=(?:/?s|unk|pad)>)")


class Subword:
    """How words are cut into pieces; the cutter is trained on the training pairs.

    A corpus that cannot fill the vocabulary gets a smaller one, but for bpe, whose size is chosen
    and not found. Text is not normalized: what a person wrote is what the model reads.

    Options:
        kind: unigram or bpe pieces, characters, whole words between spaces, or the whole numbers
            from 0 on, each an id, whether it stands in the training text or not
        vocab_size: pieces at the most, the four marks included
        joint: one vocabulary for both languages
        coverage: share of the characters that get a piece of their own
        sampling: draw the cut of each training line anew each epoch; 0 never does. For unigram
            the sharpness of the draw (0.1 to 0.5), for bpe the share of merges left out (0.1).
    """

    def __init__(
        self,
        *,
        kind: Literal["unigram", "bpe", "char", "word", "number"] = "unigram",
        vocab_size: Positive = 8000,
        joint: bool = True,
        coverage: Annotated[float, Range(0.9, 1.0)] = 1.0,
        sampling: Annotated[float, Range(0, 1)] = 0.0,
    ) -> None:
        if sampling and kind not in ("unigram", "bpe"):
            raise UsageError(
                f"subword.sampling: {kind} pieces can be cut in one way only; set it to 0"
            )
        self.kind = kind
        self.vocab_size = vocab_size
        self.joint = joint
        self.coverage = coverage
        self.sampling = sampling

    def train(
        self, pairs: Iterable[Pair], preprocess: Preprocess, languages: tuple[str, str]
    ) -> Codec:
        """The codec of a corpus, trained on its first two million lines a side.

        Raises:
            DataError: there is nothing to train on.
        """
        if self.joint:
            both = self._model(_clean(pairs, (0, 1), preprocess, languages))
            return Codec(both, both, preprocess, languages)
        sides = [self._model(_clean(pairs, (side,), preprocess, languages)) for side in (0, 1)]
        return Codec(sides[0], sides[1], preprocess, languages)

    def samplers(self, codec: Codec) -> tuple[Sampler, Sampler]:
        """What draws the cuts of both sides, for a `sampling` that is not 0."""
        kind = UnigramSampler if self.kind == "unigram" else BpeDropout
        return kind(codec.src, self.sampling), kind(codec.tgt, self.sampling)

    def _model(self, lines: Iterator[str]) -> PieceModel:
        written = io.BytesIO()
        numbers = self.kind == "number"
        try:
            SentencePieceTrainer.train(
                sentence_iterator=_numbers(self.vocab_size) if numbers else lines,
                input_format="tsv" if numbers else "text",
                model_writer=written,
                model_type="word" if numbers else self.kind,
                vocab_size=self.vocab_size,
                hard_vocab_limit=self.kind == "bpe",
                character_coverage=self.coverage,
                normalization_rule_name="identity",
                pad_id=PAD,
                unk_id=UNK,
                bos_id=BOS,
                eos_id=EOS,
                max_sentence_length=2**30,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            raise DataError(self._reason(str(error))) from None
        return PieceModel(written.getvalue())

    def _reason(self, message: str) -> str:
        if found := re.search(r"value <= (\d+)", message):
            return (
                f"subword.vocab_size: {self.vocab_size} is too many, this text gives {found[1]} "
                f"(try --set subword.vocab_size={found[1]})"
            )
        if found := re.search(r"required_chars\. \d+ vs (\d+)", message):
            return (
                f"subword.vocab_size: {self.vocab_size} is too few, the characters alone need "
                f"{found[1]} (or set subword.coverage lower)"
            )
        return f"no pieces can be learnt from the training text: {message.splitlines()[-1]}"


def _numbers(vocab_size: int) -> Iterator[str]:
    """Numbers with how often they count: the words of a vocabulary stand by how often they come."""
    for number in range(vocab_size - FIRST):
        yield f"{number}\t{vocab_size - number}"


def _clean(
    pairs: Iterable[Pair],
    sides: tuple[int, ...],
    preprocess: Preprocess,
    languages: tuple[str, str],
) -> Iterator[str]:
    pending = iter(pairs)
    read = 0
    while read < LINES and (chunk := list(islice(pending, CHUNK))):
        read += len(chunk)
        for side in sides:
            lines = [pair[side] for pair in chunk if pair.src.strip() and pair.tgt.strip()]
            clean = preprocess.apply([str(line) for line in lines], languages[side])
            yield from (_MARKS.sub("< ", tidy(line)) for line in clean)
