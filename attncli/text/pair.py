"""One sentence and its translation."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """A sentence, its translation, and where known which word is which.

    `links` are sure gold alignments (source word, target word), counted from 0 in words that are
    separated by spaces; None where nobody aligned the pair. `possible` are further links that an
    annotator would accept. Pairs that follow one another and name one `document` are of that
    document; one that names none stands alone.
    """

    src: str
    tgt: str
    links: tuple[tuple[int, int], ...] | None = None
    possible: tuple[tuple[int, int], ...] = ()
    document: str | None = None

    @property
    def blank(self) -> bool:
        """Whether it is no sentence at all, as between two documents."""
        return not (self.src.strip() or self.tgt.strip())
