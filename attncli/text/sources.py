"""Where pairs are read from: two files, TSV, JSONL, a hub data set, or a generator in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from attncli.errors import DataError
from attncli.text.gold import Gold, read_gold
from attncli.text.lines import count_lines, read_lines
from attncli.text.pair import Pair

Row = Mapping[str, Any]


class Split(Protocol):
    """The pairs of one part of a corpus, read anew each time; pair i is always pair i."""

    origin: str

    def size(self) -> int:
        """How many pairs, as far as can be told before they are read; else 0."""

    def __iter__(self) -> Iterator[Pair]: ...


@dataclass(frozen=True)
class Corpus:
    """The parts of a corpus; any of them may be missing where nothing asks for it."""

    train: Split | None
    valid: Split | None
    tests: dict[str, Split]
    left_out: Sequence[str] = ()  # files that are none of these for want of the other language

    def each(self, change: Callable[[Split], Split]) -> Corpus:
        """The same with every part changed."""
        tests = {name: change(split) for name, split in self.tests.items()}
        train, valid = (part and change(part) for part in (self.train, self.valid))
        return Corpus(train, valid, tests, self.left_out)


class Generated:
    """Pairs that a function makes."""

    def __init__(self, origin: str, make: Callable[[], Iterator[Pair]], reverse: bool) -> None:
        self.origin = origin
        self.make = make
        self.reverse = reverse

    def size(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Pair]:
        for pair in self.make():
            yield reversed_pair(pair) if self.reverse else pair


class Held:
    """Pairs in memory."""

    def __init__(self, origin: str, pairs: Sequence[Pair]) -> None:
        self.origin = origin
        self.pairs = pairs

    def size(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)


class TwoFiles:
    """A file for each language, a line a sentence, and perhaps a file of gold links.

    Raises:
        DataError: the files have different numbers of lines.
    """

    def __init__(self, src: Path, tgt: Path, links: Path | None = None) -> None:
        self.src, self.tgt, self.links = src, tgt, links
        self.origin = f"{src} and {tgt}"

    def size(self) -> int:
        return count_lines(self.src)

    def __iter__(self) -> Iterator[Pair]:
        gold = None
        for number, (src, tgt) in enumerate(
            zip_longest(read_lines(self.src), read_lines(self.tgt)), 1
        ):
            if src is None or tgt is None:
                counts = f"{count_lines(self.src)} and {count_lines(self.tgt)} lines"
                raise DataError(
                    f"{self.origin} have {counts}; from line {number} on one side is missing"
                )
            if gold is None:
                gold = iter(self._gold())
            yield linked(Pair(src, tgt), next(gold, None))

    def _gold(self) -> list[Gold]:
        if self.links is None:
            return []
        lengths = [
            (len(src.split()), len(tgt.split()))
            for src, tgt in zip(read_lines(self.src), read_lines(self.tgt), strict=False)
        ]
        if count_lines(self.src) != count_lines(self.tgt):
            return []  # reading on comes to the line that is missing, and says so
        return read_gold(self.links, lengths).sentences


class Table:
    """Tab-separated columns; a first line that names both languages says which is which.

    `document` is the column with the document's id.
    """

    def __init__(self, path: Path, src: str, tgt: str, document: str | None = None) -> None:
        self.path, self.names = path, (src, tgt)
        self.document = document
        self.origin = str(path)

    def size(self) -> int:
        return count_lines(self.path)

    def __iter__(self) -> Iterator[Pair]:
        columns: tuple[int, ...] = (0, 1)
        count = 2
        wanted = [*self.names, self.document] if self.document else [*self.names]
        for number, line in enumerate(read_lines(self.path), 1):
            cells = line.split("\t")
            if number == 1 and all(name in cells for name in wanted):
                columns, count = tuple(cells.index(name) for name in wanted), len(cells)
                continue
            if number == 1 and self.document:
                raise DataError(
                    f"{self.path}:1: no header that names {', '.join(wanted)} "
                    "(data.documents names the column with the document's id)"
                )
            if number == 1 and (len(cells) > 2 or any(name in cells for name in self.names)):
                raise DataError(
                    f"{self.path}:1: {len(cells)} columns, and no header that names "
                    f"'{self.names[0]}' and '{self.names[1]}' (--src and --tgt choose the names)"
                )
            if len(cells) != count:
                raise DataError(
                    f"{self.path}:{number}: {len(cells)} columns where {count} are expected; a "
                    "tab stands between them and in none of them"
                )
            src, tgt, *document = (cells[column] for column in columns)
            yield Pair(src, tgt, document=document[0] if document else None)


class JsonLines:
    """A JSON object a line: `{"en": …, "de": …}`, or with both under `translation`."""

    def __init__(self, path: Path, src: str, tgt: str, document: str | None = None) -> None:
        self.path, self.src, self.tgt = path, src, tgt
        self.document = document
        self.origin = str(path)

    def size(self) -> int:
        return count_lines(self.path)

    def __iter__(self) -> Iterator[Pair]:
        for number, line in enumerate(read_lines(self.path), 1):
            where = f"{self.path}:{number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{where}: no JSON ({error})") from None
            if not isinstance(row, dict):
                raise DataError(f"{where}: an object with {self.src} and {self.tgt} is expected")
            yield pair_of(row, self.src, self.tgt, where, self.document)


class Rows:
    """The rows of one split of a hub data set, or of parquet files of that shape."""

    def __init__(
        self, origin: str, rows: Any, src: str, tgt: str, document: str | None = None
    ) -> None:
        self.origin, self.rows, self.src, self.tgt = origin, rows, src, tgt
        self.document = document

    def size(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Pair]:
        for number, row in enumerate(self.rows, 1):
            where = f"{self.origin}, row {number}"
            yield pair_of(row, self.src, self.tgt, where, self.document)


def pair_of(row: Row, src: str, tgt: str, where: str, document: str | None = None) -> Pair:
    """The pair in a row of flat columns, or in its `translation`.

    A null is an empty side. `document` is the column with the document's id.

    Raises:
        DataError: a column is missing, with those that are there.
    """
    nested = row.get("translation")
    held = nested if isinstance(nested, Mapping) and not (src in row and tgt in row) else row
    sides = ["" if held.get(name, 0) is None else held.get(name) for name in (src, tgt)]
    if not all(isinstance(side, str) for side in sides):
        there = ", ".join(map(str, held))
        raise DataError(f"{where}: no text under '{src}' and '{tgt}'; there is {there}")
    if document is not None and row.get(document) is None:
        raise DataError(f"{where}: no document's id under '{document}'; there is {', '.join(row)}")
    named = None if document is None else str(row[document])
    pair = Pair(str(sides[0]), str(sides[1]), document=named)
    if any("\ud800" <= sign <= "\udfff" for side in pair[:2] for sign in side):
        raise DataError(f"{where}: half a surrogate pair (\\ud800 to \\udfff) is no character")
    return pair


def reversed_pair(pair: Pair) -> Pair:
    """The pair in the other direction."""
    links = None if pair.links is None else tuple(sorted((t, s) for s, t in pair.links))
    possible = tuple(sorted((t, s) for s, t in pair.possible))
    return Pair(pair.tgt, pair.src, links, possible, pair.document)


def linked(pair: Pair, gold: Gold | None) -> Pair:
    """The pair with its gold links, as far as there are some."""
    if gold is None:
        return pair
    possible = tuple(sorted(gold.possible - gold.sure))
    return pair._replace(links=tuple(sorted(gold.sure)), possible=possible)
