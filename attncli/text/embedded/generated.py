"""The data sets that attncli makes itself: the name of each, its splits and what makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from attncli.text.embedded import documents, grammar, names, sorting
from attncli.text.pair import Pair

EMBEDDED = "embedded"
EMBEDDED_DOCUMENTS = "embedded-documents"


class Make(Protocol):
    """Makes the pairs of one split."""

    def __call__(self, split: str, *, seed: int) -> Iterator[Pair]: ...


GENERATED: Mapping[str, tuple[Mapping[str, int], Make]] = {
    EMBEDDED: (grammar.SPLITS, grammar.generate),
    EMBEDDED_DOCUMENTS: (documents.DOCUMENTS, documents.documents),
    "embedded-names": (grammar.SPLITS, names.named),
    "sorting": (sorting.SPLITS, sorting.sorting),
}
