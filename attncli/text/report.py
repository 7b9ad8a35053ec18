"""What is in the training data, counted while it is read, and said before the first step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from attncli.text.pair import Pair
from attncli.text.store import Kept

SHOWN = 5
ODD = {
    "\u2028": "U+2028",
    "\u2029": "U+2029",
    "\x00": "NUL",
    "\x0b": "VT",
    "\x0c": "FF",
    "\r": "CR",
}


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
    """Counts what a person would want to know of training pairs, and which of them train."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length
        self.read = 0
        self.trains = 0
        self.words = [0, 0]
        self.extremes = [(float("inf"), 0), (0.0, 0)]
        self.counts = {
            "empty on one side": Count(),
            f"longer than {max_length} words": Count(),
            "seen before": Count(),
            "also in valid or test": Count(),
            "with odd separators": Count(),
        }
        self.seen: set[bytes] = set()
        self.held_out: set[bytes] = set()

    def hold_out(self, pairs: Iterable[Pair]) -> None:
        """Remembers pairs that should not be in the training data."""
        self.held_out.update(_hash(pair) for pair in pairs)

    def watch(self, pairs: Iterable[Pair]) -> Iterator[Kept]:
        """Passes every pair on, with whether it trains: neither empty nor too long."""
        empty, long, again, leaked, odd = self.counts.values()
        for line, pair in enumerate(pairs, 1):
            self.read += 1
            lengths = [len(pair.src.split()), len(pair.tgt.split())]
            code = _hash(pair)
            if code in self.seen:
                again.add(line)
            if code in self.held_out:
                leaked.add(line)
            if any(mark in pair.src or mark in pair.tgt for mark in ODD):
                odd.add(line)
            self.seen.add(code)
            if not all(lengths):
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


def _hash(pair: Pair) -> bytes:
    return hashlib.blake2b(f"{pair.src}\t{pair.tgt}".encode(), digest_size=8).digest()
