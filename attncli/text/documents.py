"""Which sentences stand before which in a document."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from attncli.text.pair import Pair
from attncli.text.sources import Split

T = TypeVar("T")


class Line(NamedTuple):
    """A line of text, and the document that it is of; None: it stands alone."""

    text: str
    document: str | None = None


class Past(Generic[T]):
    """Hears the lines of documents in order, and knows what stands before each.

    Lines that follow one another and name one document are of that document.
    """

    def __init__(self, count: int) -> None:
        self.items: deque[T] = deque(maxlen=count)
        self.document: str | None = None

    def hear(self, item: T, document: str | None, filled: bool) -> tuple[T, ...]:
        """Up to `count` items before this one in its document, the nearest first.

        One that is not `filled` has some before it, but stands before none.
        """
        if document is None or document != self.document:
            self.items.clear()
        self.document = document
        before = tuple(self.items)
        if filled:
            self.items.appendleft(item)
        return before


def heard(items: Sequence[T], pairs: Sequence[Pair], count: int) -> list[tuple[T, ...]]:
    """For each pair up to `count` of the items, one for each pair, that stand before it."""
    past: Past[T] = Past(count)
    return [
        past.hear(item, pair.document, bool(pair.src.strip()))
        for item, pair in zip(items, pairs, strict=True)
    ]


def behind_its_past(pairs: Sequence[Pair], number: int, count: int) -> list[Pair]:
    """A pair of a text behind up to `count` of those that stand before it in its document."""
    before = heard(pairs, pairs, count)[number]
    return [*reversed(before), pairs[number]]


def by_blank_lines(windows: Iterable[Sequence[str]]) -> Iterator[list[Line]]:
    """Lines, however many come at a time, with a blank one between documents."""
    number = 0
    for window in windows:
        lines = []
        for text in window:
            number += not text.strip()
            lines.append(Line(text, str(number) if text.strip() else None))
        yield lines


def concatenated(
    windows: Iterable[Sequence[Line]], count: int, separator: str
) -> Iterator[list[Line]]:
    """Lines with up to `count` lines of their document before each, put into its own text."""
    past: Past[str] = Past(count)
    for window in windows:
        lines = []
        for line in window:
            before = past.hear(line.text, line.document, bool(line.text.strip()))
            lines.append(line._replace(text=joined(before, line.text, separator)))
        yield lines


def joined(before: Sequence[str], text: str, separator: str) -> str:
    """The text behind the sentences before it, which are given the nearest first."""
    if not text.strip():
        return text
    return f" {separator} ".join([*reversed(before), text])


class Paragraphs:
    """Pairs of which one that is blank on both sides stands between two documents."""

    def __init__(self, split: Split) -> None:
        self.split, self.origin = split, split.origin

    def size(self) -> int:
        return self.split.size()

    def __iter__(self) -> Iterator[Pair]:
        number = 0
        for pair in self.split:
            number += pair.blank
            yield pair._replace(document=None if pair.blank else str(number))


class Concatenated:
    """Pairs with the previous sentences of their document put before their source.

    Tiedemann and Scherrer 2017, "Neural machine translation with extended context", arXiv
    1708.05943, section 3: the "2+1" system is a count of 1.
    """

    def __init__(self, split: Split, count: int, separator: str) -> None:
        self.split, self.origin = split, split.origin
        self.count, self.separator = count, separator

    def size(self) -> int:
        return self.split.size()

    def __iter__(self) -> Iterator[Pair]:
        past: Past[str] = Past(self.count)
        for pair in self.split:
            before = past.hear(pair.src, pair.document, bool(pair.src.strip()))
            src = joined(before, pair.src, self.separator)
            ahead = len(src.split()) - len(pair.src.split())
            links = None if pair.links is None else _ahead(pair.links, ahead)
            yield pair._replace(src=src, links=links, possible=_ahead(pair.possible, ahead))


def _ahead(links: tuple[tuple[int, int], ...], words: int) -> tuple[tuple[int, int], ...]:
    return tuple((source + words, target) for source, target in links)
