"""What is in the training data, counted while it is read, and said before the first step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from attncli.text.documents import Past
from attncli.text.pair import Pair
from attncli.text.repeats import Repeats, code
from attncli.text.tokenise import Kept

SHOWN = 5
# What some programs take for the end of a line, and NUL.
ODD = "\u2028\u2029\x85\x00\x0b\x0c\x1c\x1d\x1e\r\n"


@dataclass
class Count:
    """How many pairs, and the line numbers of the first of them."""

    total: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """One more, on that line."""
        self.total += 1
        if len(self.first) < SHOWN:
            self.first.append(line)

    def __str__(self) -> str:
        if not self.total:
            return "0"
        more = ", …" if self.total > len(self.first) else ""
        return f"{self.total:,} (line {', '.join(map(str, self.first))}{more})"


class DataReport:
    """Counts what a person would want to know of training pairs, and which of them train.

    What was seen before is known by a hash of each pair, kept in a temporary file in `folder`.
    """

    def __init__(self, max_length: int, folder: Path | None = None) -> None:
        self.max_length = max_length
        self.folder = folder
        self.read = 0
        self.trains = 0
        self.documents = 0
        self.words = [0, 0]
        self.extremes = [(float("inf"), 0), (0.0, 0)]
        self.counts = {
            "blank on both sides": Count(),
            "empty on one side": Count(),
            f"longer than {max_length} words": Count(),
            "seen before": Count(),
            "also in valid or test": Count(),
            "with odd separators": Count(),
        }
        self.held_out: set[bytes] = set()

    def hold_out(self, pairs: Iterable[Pair]) -> None:
        """Remembers pairs that should not be in the training data."""
        self.held_out.update(found for pair, found in _coded(pairs) if not pair.blank)

    def watch(self, pairs: Iterable[Pair]) -> Iterator[Kept]:
        """Passes every pair on, with whether it trains: neither empty nor too long."""
        blank, empty, long, again, leaked, odd = self.counts.values()
        document = None
        with Repeats(self.folder) as seen:
            for line, (pair, found) in enumerate(_coded(pairs), 1):
                self.read += 1
                lengths = (len(pair.src.split()), len(pair.tgt.split()))
                seen.add(found)
                if found in self.held_out:
                    leaked.add(line)
                if _is_odd(pair.src) or _is_odd(pair.tgt):
                    odd.add(line)
                self.documents += pair.document is not None and pair.document != document
                document = pair.document
                if pair.blank:
                    blank.add(line)
                elif not all(lengths):
                    empty.add(line)
                elif self.max_length and max(lengths) > self.max_length:
                    long.add(line)
                else:
                    self._measure(line, *lengths)
                    yield Kept(pair, True)
                    continue
                yield Kept(pair, False)
            again.total, again.first = seen.find(SHOWN)

    def _measure(self, line: int, src: int, tgt: int) -> None:
        self.trains += 1
        self.words[0] += src
        self.words[1] += tgt
        ratio = tgt / src
        if ratio < self.extremes[0][0]:
            self.extremes[0] = (ratio, line)
        if ratio > self.extremes[1][0]:
            self.extremes[1] = (ratio, line)

    def lines(self) -> list[str]:
        """The report in words."""
        said = [f"pairs read {self.read:,}, of which {self.trains:,} train"]
        said += [f"  documents: {self.documents:,}"] * bool(self.documents)
        said += [f"  {name}: {count}" for name, count in self.counts.items() if count.total]
        if self.trains:
            (low, low_line), (high, high_line) = self.extremes
            said.append(
                f"  words a sentence {self.words[0] / self.trains:.1f} and "
                f"{self.words[1] / self.trains:.1f}; length ratio "
                f"{self.words[1] / max(1, self.words[0]):.2f}, from {low:.2f} (line {low_line}) "
                f"to {high:.2f} (line {high_line})"
            )
        return said


def _coded(pairs: Iterable[Pair]) -> Iterator[tuple[Pair, bytes]]:
    """Each pair with its hash; in a document the sentence before it is part of what it is.

    What is blank on both sides repeats nothing: its line number is part of it.
    """
    past: Past[str] = Past(1)
    for line, pair in enumerate(pairs, 1):
        before = past.hear(pair.src, pair.document, bool(pair.src.strip()))
        more = [str(line)] if pair.blank else before
        yield pair, code("\0".join([pair.src, pair.tgt, *more]))


def _is_odd(line: str) -> bool:
    # most lines are printable, which is found out far sooner
    return not line.isprintable() and any(mark in line for mark in ODD)
