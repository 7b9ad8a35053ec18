"""What is in the training data, counted while it is read, and said before the first step."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from attncli.text.pair import Pair
from attncli.text.store import Kept

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


class Hashes:
    """A set of 64-bit numbers in 11 to 21 bytes each: a table of slots that grows as it fills."""

    def __init__(self) -> None:
        self.slots = array("Q", bytes(8 * 1024))
        self.filled = 0

    def add(self, code: int) -> bool:
        """Puts a number in, and says whether it was there."""
        code = code or 1  # 0 marks a free slot
        place = self._place(code)
        if self.slots[place]:
            return True
        self.slots[place] = code
        self.filled += 1
        if self.filled * 4 > len(self.slots) * 3:
            self._grow()
        return False

    def _place(self, code: int) -> int:
        size = len(self.slots)
        place = code % size
        while self.slots[place] not in (0, code):
            place = (place + 1) % size
        return place

    def _grow(self) -> None:
        before = self.slots
        self.slots = array("Q", bytes(16 * len(before)))
        for code in before:
            if code:
                self.slots[self._place(code)] = code


class DataReport:
    """Counts what a person would want to know of training pairs, and which of them train."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length
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
        self.seen = Hashes()
        self.held_out: set[int] = set()

    def hold_out(self, pairs: Iterable[Pair]) -> None:
        """Remembers pairs that should not be in the training data."""
        self.held_out.update(_hash(pair) for pair in pairs)

    def watch(self, pairs: Iterable[Pair]) -> Iterator[Kept]:
        """Passes every pair on, with whether it trains: neither empty nor too long."""
        blank, empty, long, again, leaked, odd = self.counts.values()
        document = None
        for line, pair in enumerate(pairs, 1):
            self.read += 1
            lengths = [len(pair.src.split()), len(pair.tgt.split())]
            code = _hash(pair)
            if self.seen.add(code):
                again.add(line)
            if code in self.held_out:
                leaked.add(line)
            if any(mark in pair.src or mark in pair.tgt for mark in ODD):
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
                self._measure(line, lengths)
                yield Kept(pair, True)
                continue
            yield Kept(pair, False)

    def _measure(self, line: int, lengths: list[int]) -> None:
        self.trains += 1
        self.words = [total + length for total, length in zip(self.words, lengths, strict=True)]
        ratio = lengths[1] / lengths[0]
        self.extremes[0] = min(self.extremes[0], (ratio, line))
        self.extremes[1] = max(self.extremes[1], (ratio, line))

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


def _hash(pair: Pair) -> int:
    code = hashlib.blake2b(f"{pair.src}\0{pair.tgt}".encode(), digest_size=8).digest()
    return int.from_bytes(code, "little")
