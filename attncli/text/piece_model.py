"""One trained SentencePiece model: lines to pieces and back."""

from __future__ import annotations

from collections.abc import Sequence

from sentencepiece import SentencePieceProcessor

PAD, UNK, BOS, EOS = range(4)
MARKS = (PAD, BOS, EOS)
SPACE = "\u2581"
NO_WORD = -1


class PieceModel:
    """Cuts lines into pieces; `proto` is the trained model as SentencePiece writes it."""

    def __init__(self, proto: bytes) -> None:
        self.proto = proto
        self.processor = SentencePieceProcessor(model_proto=proto)
        self.size: int = self.processor.get_piece_size()
        ordinary = self.processor.id_to_piece(list(range(len(MARKS) + 1, self.size)))
        self.whole_words = all(piece.startswith(SPACE) for piece in ordinary)

    def encode(self, lines: Sequence[str]) -> list[list[int]]:
        """The ids of the pieces of each line, without BOS and EOS."""
        ids: list[list[int]] = self.processor.encode(list(lines))
        return ids

    def sample(self, lines: Sequence[str], alpha: float) -> list[list[int]]:
        """One way to cut each line, drawn (Kudo 2018, arXiv 1804.10959).

        For unigram models alpha sharpens the distribution over cuts; for bpe it is the share of
        merges left out (Provilkov et al. 2020, arXiv 1910.13267).
        """
        ids: list[list[int]] = self.processor.encode(
            list(lines), enable_sampling=True, alpha=alpha, nbest_size=-1
        )
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of pieces; PAD, BOS and EOS leave no trace."""
        text: str = self.processor.decode([token for token in ids if token not in MARKS])
        return " ".join(text.split())

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The pieces themselves, in which SPACE stands for the space before a word."""
        pieces: list[str] = self.processor.id_to_piece(list(ids))
        return pieces

    def join(self, pieces: Sequence[str]) -> str:
        """The text of pieces; in a vocabulary of whole words each one is a word."""
        between = " " if self.whole_words else ""
        return " ".join(between.join(pieces).replace(SPACE, " ").split())

    def words(self, ids: Sequence[int]) -> list[int]:
        """For each piece the number of its word, from 0; NO_WORD for PAD, BOS and EOS."""
        owners, word = [], NO_WORD
        for token, piece in zip(ids, self.pieces(ids), strict=True):
            if token in MARKS:
                owners.append(NO_WORD)
                continue
            begins = piece.startswith(SPACE) or self.whole_words or word == NO_WORD
            word += begins
            owners.append(word)
        return owners
