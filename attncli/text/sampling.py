"""Other ways to cut words that are cut already, drawn at random (subword regularisation).

SentencePiece can draw too, but its seed decides nothing in another process, and training that is
resumed has to read what it would have read. Pieces do not reach over spaces, so that drawing word
by word is the same as drawing whole lines. What is unknown stays unknown, and text stays as it is.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple, Protocol

from attncli.text.piece_model import MARKS, SPACE, UNK, PieceModel

WORDS = 100_000  # whose cuts are remembered

Word = tuple[int, ...]


class Sampler(Protocol):
    """Draws the cut of a line."""

    def draw(self, ids: Sequence[int], random: Random) -> list[int]:
        """The ids of the same text in another cut; the marks stand where they stood."""


class Arrivals(NamedTuple):
    """The pieces that end at one place of a word, and how likely the last piece is each."""

    pieces: list[int]
    begins: list[int]
    shares: list[float]  # running sums


class Vocabulary:
    """The pieces of a model by their text."""

    def __init__(self, model: PieceModel) -> None:
        ids = list(range(len(MARKS) + 1, model.size))
        self.texts = model.names
        self.ids = {self.texts[token]: token for token in ids}
        self.scores: list[float] = model.processor.get_score(list(range(model.size)))
        self.longest = max(map(len, self.ids), default=1)

    def words(self, ids: Sequence[int]) -> Iterator[Word]:
        """The line word by word; each mark by itself."""
        word: list[int] = []
        for token in ids:
            if word and (token in MARKS or word[0] in MARKS or self.texts[token][0] == SPACE):
                yield tuple(word)
                word = []
            word.append(token)
        if word:
            yield tuple(word)

    def signs(self, word: Word) -> list[str]:
        """The characters of a word; an empty string for each unknown piece."""
        return [sign for token in word for sign in (self.texts[token] if token != UNK else [""])]


class UnigramSampler:
    """Draws a cut by its probability to the power of alpha (Kudo 2018, arXiv 1804.10959).

    P(cut) ∝ Π p(piece)^alpha, over all cuts of a word
    """

    def __init__(self, model: PieceModel, alpha: float) -> None:
        self.vocabulary = Vocabulary(model)
        self.alpha = alpha
        self.arrivals = lru_cache(WORDS)(self._arrivals)

    def draw(self, ids: Sequence[int], random: Random) -> list[int]:
        """The ids of the same text in another cut."""
        drawn: list[int] = []
        for word in self.vocabulary.words(ids):
            drawn += word if word[0] in MARKS else self._word(word, random)
        return drawn

    def _word(self, word: Word, random: Random) -> list[int]:
        arrivals = self.arrivals(word)
        backwards, end = [], len(arrivals) - 1
        while end:
            pieces, begins, shares = arrivals[end]
            chosen = min(bisect(shares, random.random() * shares[-1]), len(pieces) - 1)
            backwards.append(pieces[chosen])
            end = begins[chosen]
        return backwards[::-1]

    def _arrivals(self, word: Word) -> list[Arrivals]:
        """For each place in a word its arrivals, from the sums over all cuts up to there."""
        known, signs = self.vocabulary, self.vocabulary.signs(word)
        sums, places = [0.0], [Arrivals([], [], [])]
        for end in range(1, len(signs) + 1):
            pieces, begins, logs = [], [], []
            for begin in range(max(0, end - known.longest), end):
                text = signs[begin:end]
                token = UNK if text == [""] else known.ids.get("".join(text) if all(text) else "")
                if token is not None and sums[begin] > -math.inf:
                    pieces.append(token)
                    begins.append(begin)
                    logs.append(sums[begin] + self.alpha * known.scores[token])
            best = max(logs, default=-math.inf)
            weights = [math.exp(log - best) for log in logs]
            sums.append(best + math.log(sum(weights)) if weights else -math.inf)
            places.append(Arrivals(pieces, begins, list(accumulate(weights))))
        return places


class BpeDropout:
    """Builds words from characters and leaves out some merges (Provilkov 2020, arXiv 1910.13267).

    At each step every merge that is possible is left out with probability alpha; the best of the
    others is done; where all are left out the word is finished.
    """

    def __init__(self, model: PieceModel, alpha: float) -> None:
        self.vocabulary = Vocabulary(model)
        self.alpha = alpha

    def draw(self, ids: Sequence[int], random: Random) -> list[int]:
        """The ids of the same text in another cut."""
        drawn: list[int] = []
        for word in self.vocabulary.words(ids):
            drawn += word if word[0] in MARKS else self._word(word, random)
        return drawn

    def _word(self, word: Word, random: Random) -> list[int]:
        known, parts = self.vocabulary, self.vocabulary.signs(word)
        while True:
            best, place = -math.inf, -1
            for left in range(len(parts) - 1):
                token = (
                    known.ids.get(parts[left] + parts[left + 1])
                    if all(parts[left : left + 2])
                    else None
                )
                if token is None or random.random() < self.alpha:
                    continue
                if known.scores[token] > best:
                    best, place = known.scores[token], left
            if place < 0:
                return [known.ids[part] if part else UNK for part in parts]
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
