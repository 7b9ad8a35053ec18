"""Which sentences stand before which in a document."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

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


def by_blank_lines(windows: Iterable[Sequence[str]]) -> Iterator[list[Line]]:
    """Lines, however many come at a time, with a blank one between documents."""
    number = 0
    for window in windows:
        lines = []
        for text in window:
            number += not text.strip()
            lines.append(Line(text, str(number) if text.strip() else None))
        yield lines
