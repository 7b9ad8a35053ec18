"""From subword pieces to words: merging what is known of each piece, and spelling words out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

import numpy as np

Reading = Literal["output", "input"]

NO_WORD = -1

_BYTES = re.compile(r"(?:<0x[0-9A-F]{2}>)+")


def word_matrix(
    weights: np.ndarray,
    src_words: Sequence[int],
    tgt_words: Sequence[int],
    reading: Reading = "output",
) -> np.ndarray:
    """Weights of whole words, `</s>` left out on both sides: the matrix that aligns.

    (…, tgt_len, src_len) → (…, tgt words, src words): a sum over the pieces of a source word, a
    mean over those of a target word. `reading` says which piece row t aligns: the "output" piece t,
    or the "input" piece t - 1, which the decoder had just read (Luong 2015, footnote 14). Read as
    input, a last piece that no `</s>` follows has no row; a word of nothing else gets zeros.
    """
    src_sum = membership(src_words)[:, : max(src_words, default=NO_WORD) + 1]
    if reading == "input":
        weights, read = weights[..., 1:, :], tgt_words[:-1]
    else:
        read = tgt_words
    tgt_mean = np.zeros((len(read), max(tgt_words, default=NO_WORD) + 1))
    for word in {number for number in read if number != NO_WORD}:
        rows = np.flatnonzero(np.asarray(read) == word)
        tgt_mean[rows, word] = 1 / len(rows)
    merged: np.ndarray = tgt_mean.T @ weights @ src_sum
    return merged


def membership(words: Sequence[int]) -> np.ndarray:
    """(pieces, groups): 1 where a piece belongs to a group, one group a run of equal numbers."""
    sizes = [len(list(run)) for _, run in groupby(words)]
    return np.repeat(np.eye(len(sizes)), sizes, axis=0)


def spell(pieces: Iterable[str]) -> str:
    """A word from its SentencePiece pieces: joined, byte pieces decoded, the space mark removed."""
    text = _BYTES.sub(
        lambda match: bytes.fromhex(re.sub(r"<0x|>", "", match[0])).decode(errors="replace"),
        "".join(pieces),
    )
    return text.removeprefix("▁").replace("▁", " ") or text
