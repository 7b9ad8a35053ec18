"""Text in, text out: every line its own translation, in order, with what the model looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from attncli.attention_map import AttentionMap
from attncli.decoding import SENTENCES, Decoding, Encoded, nobody
from attncli.errors import UsageError
from attncli.experiment import Loaded
from attncli.looking import attention_map
from attncli.models.ensemble import Ensemble
from attncli.search import Found, Search
from attncli.text.codec import Codec
from attncli.text.documents import Line, Past, by_blank_lines
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, UNK

WINDOW = 16  # batches that are sorted by length together


@dataclass(frozen=True)
class Hypothesis:
    """One translation."""

    text: str
    pieces: list[str]
    score: float
    log_prob: float
    cut: bool  # as long as the length limit allows
    attention: AttentionMap | None
    ids: list[int] = field(default_factory=list)  # of its pieces


@dataclass(frozen=True)
class Translation:
    """A line and its translations, best first; an empty line has one, which is empty."""

    source: str
    hypotheses: list[Hypothesis]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text


class Translator:
    """One model, or several that decode together, ready to translate text.

    Where words are drawn, `seed` and the line's number decide what is drawn. `tell` is told how
    many more sentences are done. Models and search must stay as they are once it has translated
    (`Decoding`).

    Raises:
        UsageError: the models do not share their vocabularies.
    """

    def __init__(
        self,
        models: Sequence[Loaded],
        search: Search,
        *,
        sentences: int = SENTENCES,
        seed: int = 1,
        tell: Callable[[int], object] = nobody,
    ) -> None:
        first = models[0]
        for other in models[1:]:
            if other.codec.digest() != first.codec.digest():
                raise UsageError(
                    f"{other.run.path} and {first.run.path} have different vocabularies; "
                    "only models trained with one codec decode together"
                )
        self.model = first.model if len(models) == 1 else Ensemble([one.model for one in models])
        self.codec: Codec = first.codec
        self.search = search
        self.sentences = sentences
        self.seed = seed
        self.tell = tell
        self.first = first
        self.device = next(first.model.parameters()).device

    def translate(
        self, lines: Sequence[str], look: bool = False, documents: Sequence[str | None] = ()
    ) -> list[Translation]:
        """The translation of every line, in order.

        `documents` says which document each line is of; without it blank lines divide them.
        """
        windows = by_blank_lines([lines])
        if documents:
            windows = iter([[*map(Line, lines, documents)]])
        return list(self.stream(windows, look))

    def stream(self, windows: Iterable[list[Line]], look: bool = False) -> Iterator[Translation]:
        """Translations as they come; of a window at most WINDOW batches are held at a time."""
        past: Past[list[int]] = Past(self.model.previous)
        first = 0
        for window in windows:
            pending = iter(window)
            while lines := list(islice(pending, WINDOW * self.sentences)):
                yield from self._window(lines, first, past, look)
                first += len(lines)

    @cached_property
    def decoding(self) -> Decoding:
        """The model and the search as they are at first."""
        return Decoding(self.model, self.search, self.device)

    def decode(self, encoded: Sequence[Encoded], look: bool) -> list[list[Found]]:
        """Translations of sentences, in their order."""
        return self.decoding.found(encoded, look, self.sentences, self.tell)

    def _window(
        self, window: list[Line], first: int, past: Past[list[int]], look: bool
    ) -> Iterator[Translation]:
        lines = [line.text for line in window]
        filled = [number for number, line in enumerate(lines) if line.strip()]
        rows = self.codec.encode_source([lines[number] for number in filled])
        ids = dict(zip(filled, rows, strict=True))
        heard = [
            past.hear(ids.get(number, []), line.document, number in ids)
            for number, line in enumerate(window)
        ]
        encoded = [
            Encoded(ids[number], heard[number], (self.seed, first + number)) for number in filled
        ]
        found = self.decode(encoded, look)
        by_line = dict(zip(filled, zip(rows, found, strict=True), strict=True))
        for number, line in enumerate(lines):
            if number not in by_line:
                yield Translation(line, [Hypothesis("", [], 0.0, 0.0, False, None)])
                continue
            src, hypotheses = by_line[number]
            yield Translation(line, [self._hypothesis(line, src, one) for one in hypotheses])

    def _hypothesis(self, line: str, src: list[int], found: Found) -> Hypothesis:
        pieces = self.codec.pieces(found.ids, 1, line)
        written = found.ids[:-1] if found.ids[-1] == EOS else found.ids
        text = self.codec.decode_target(written, line)
        seen = None
        if found.weights is not None:
            pair = Pair(line, text)
            seen = attention_map(self.first, pair, src, found.ids, found.weights, found.trace)
            if self.search.replace_unknown and UNK in written:
                followed = self.codec.follows(line, src, 0)
                words = line.split() if followed else seen.words().src
                text = self.codec.join(replaced(words, written, seen))
        facts = (found.score, found.log_prob, found.cut)
        return Hypothesis(text, pieces, *facts, seen, found.ids)


def replaced(words: Sequence[str], ids: list[int], seen: AttentionMap) -> list[str]:
    """Target pieces, each unknown one replaced by the source word that was looked at most.

    Luong et al. 2015, arXiv 1410.8206. The words are the user's own, from before any preprocessing,
    where that can be followed; else those that the model read.
    """
    weights = seen.weights.mean((0, 1))  # (tgt_len, src_len)
    pieces = list(seen.tgt[: len(ids)])
    for place, token in enumerate(ids):
        if token == UNK:
            pieces[place] = words[seen.src_words[int(weights[place, :-1].argmax())]]
    return pieces
