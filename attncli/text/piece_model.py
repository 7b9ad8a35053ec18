"""One trained SentencePiece model: lines to pieces and back."""

from __future__ import annotations

from collections.abc import Sequence

from sentencepiece import SentencePieceProcessor

from attncli.marks import BOS as BOS
from attncli.marks import EOS as EOS
from attncli.marks import PAD as PAD
from attncli.marks import UNK as UNK

MARKS = (PAD, BOS, EOS)
SPACE = "\u2581"
NO_WORD = -1
UNKNOWN = "⁇"
FEW = 32  # lines, which take less time than the thread that SentencePiece starts for a list
# Stands for a SPACE that a person wrote, which would otherwise come back as a space.
WRITTEN_SPACE = "\uf581"


def tidy(line: str) -> str:
    """The line with one space between words, whatever white space was there: U+2028, tabs, NBSP.

    So words are what `str.split` gives, for pieces as for gold links.
    """
    return " ".join(line.split()).replace(SPACE, WRITTEN_SPACE)


class PieceModel:
    """Cuts lines into pieces; `proto` is the trained model as SentencePiece writes it."""

    def __init__(self, proto: bytes) -> None:
        self.proto = proto
        self.processor = SentencePieceProcessor(model_proto=proto)
        self.size: int = self.processor.get_piece_size()
        self.names: list[str] = self.processor.id_to_piece(list(range(self.size)))
        ordinary = self.names[len(MARKS) + 1 :]
        self.whole_words = all(piece.startswith(SPACE) for piece in ordinary)

    def encode(self, lines: Sequence[str]) -> list[list[int]]:
        """The ids of the pieces of each line, without BOS and EOS."""
        clean = [tidy(line) for line in lines]
        if self.whole_words:
            # SentencePiece would make one unknown piece of unknown words that stand together.
            to_id = self.processor.piece_to_id
            return [[to_id(SPACE + word) for word in line.split()] for line in clean]
        if len(clean) < FEW:
            return [self.processor.encode(line) for line in clean]
        ids: list[list[int]] = self.processor.encode(clean, num_threads=1)
        return ids

    def unknown(self, line: str, ids: Sequence[int]) -> list[str]:
        """What stands in the line for each unknown piece among its `ids`, in order."""
        clean = tidy(line)
        if self.whole_words:
            pieces = [SPACE + word for word in clean.split()]
        else:
            pieces = self.processor.encode(clean, out_type=str)
        return [piece for piece, token in zip(pieces, ids, strict=True) if token == UNK]

    def decode(self, ids: Sequence[int], unknown: Sequence[str] = ()) -> str:
        """The text of pieces; PAD, BOS and EOS leave no trace. `unknown` as in `pieces`."""
        named = self.size + len(unknown)
        kept = [token if token < named else UNK for token in ids if token not in MARKS]
        mark = SPACE + UNKNOWN if self.whole_words else UNKNOWN
        pieces = zip(kept, self.pieces(kept, unknown), strict=True)
        text = "".join(mark if token == UNK else piece for token, piece in pieces)
        return " ".join(text.replace(SPACE, " ").split()).replace(WRITTEN_SPACE, SPACE)

    def pieces(self, ids: Sequence[int], unknown: Sequence[str] = ()) -> list[str]:
        """The pieces themselves, in which SPACE stands for the space before a word.

        `unknown` are the pieces of the ids beyond the vocabulary; without them they are unknown.
        """
        names, beyond = self.names, dict(enumerate(unknown, self.size))
        return [
            names[token] if token < self.size else beyond.get(token, names[UNK]) for token in ids
        ]

    def join(self, pieces: Sequence[str]) -> str:
        """The text of pieces; in a vocabulary of whole words each one is a word."""
        between = " " if self.whole_words else ""
        text = " ".join(between.join(pieces).replace(SPACE, " ").split())
        return text.replace(WRITTEN_SPACE, SPACE)

    def words(self, ids: Sequence[int]) -> list[int]:
        """For each piece the number of its word, from 0; NO_WORD for PAD, BOS and EOS.

        Words are those of `decode`: a SPACE by itself begins none before something follows it.
        """
        owners: list[int] = []
        word, is_filled = 0, False
        for token, piece in zip(ids, self.pieces(ids), strict=True):
            if token in MARKS:
                owners.append(NO_WORD)
                continue
            word += is_filled and (piece.startswith(SPACE) or self.whole_words)
            is_filled = piece != SPACE
            owners.append(word)
        # a SPACE after the last word opens a word that never comes
        return owners if is_filled else [min(owner, max(word - 1, 0)) for owner in owners]
