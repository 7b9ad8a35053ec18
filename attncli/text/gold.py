"""Reading gold word alignments: Pharaoh lines, NAACL columns, and the blocks of the RWTH set.

Formats as in the shared task of Mihalcea and Pedersen 2003 (NAACL) and in lilt/alignment-scripts.
    Pharaoh   1-1 2-3 4p5 6?7       one line a sentence; `-` is sure, `p` or `?` only possible
    NAACL     12 1 1 S              one line a link: sentence, source word, target word, S or P
    blocks    SENT: 12 / S 1 1      a heading for each sentence, then its links
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from attncli.errors import DataError

Link = tuple[int, int]

_PHARAOH = re.compile(r"(\d+)([-p?])(\d+)")
_COLUMNS = re.compile(r"(\d+)\s+(\d+)\s+(\d+)(?:\s+([SP]))?(?:\s+[\d.]+)?(?:\s+([SP]))?")
_BLOCK = re.compile(r"([SP])\s+(\d+)\s+(\d+)")
_HEADING = re.compile(r"SENT:\s*(\d+)")


@dataclass(frozen=True)
class Gold:
    """The gold links of one sentence, as (source word, target word), base 0; sure ⊆ possible."""

    sure: frozenset[Link]
    possible: frozenset[Link]

    @classmethod
    def of(cls, sure: Iterable[Link], possible: Iterable[Link] = ()) -> Gold:
        """Gold links from any collections; every sure link is made possible as well."""
        certain = frozenset(sure)
        return cls(certain, certain | frozenset(possible))


@dataclass(frozen=True)
class GoldFile:
    """All the gold of one file, and what was found out about it.

    `base` is what the file counts words from; `report` says in words what was read and decided.
    """

    sentences: list[Gold]
    base: int
    report: str


class _Entry(NamedTuple):
    line: int
    sentence: int
    src: int
    tgt: int
    is_sure: bool


def read_gold(
    path: Path, lengths: Sequence[tuple[int, int]], *, base: int | None = None
) -> GoldFile:
    """Reads the gold alignment of a test set whose format it finds out by itself.

    `lengths` holds (source words, target words) of each sentence; they decide whether the file
    counts words from 0 or from 1, unless `base` says so.

    Raises:
        DataError: a line that cannot be read, a link outside its sentence, another number of
            sentences; with file and line.
    """
    lines = _lines(path)
    first = next((line.strip() for line in lines if line.strip()), "")
    if _HEADING.fullmatch(first):
        form, entries = "blocks", _blocks(path, lines, len(lengths))
    elif _COLUMNS.fullmatch(first):
        form, entries = "NAACL", _columns(path, lines, len(lengths))
    else:
        form, entries = "Pharaoh", _pharaoh(path, lines, len(lengths))
    start, reason = _base(path, entries, lengths, form) if base is None else (base, "as asked")
    nulls = [entry for entry in entries if form == "NAACL" and start > min(entry.src, entry.tgt)]
    kept = [entry for entry in entries if form != "NAACL" or start <= min(entry.src, entry.tgt)]
    sentences = _sentences(path, kept, lengths, start)
    sure = sum(len(gold.sure) for gold in sentences)
    possible = sum(len(gold.possible) for gold in sentences) - sure
    report = (
        f"{path.name}: {form} format, words counted from {start} ({reason}); "
        f"{len(sentences)} sentences, {sure} sure and {possible} only possible links"
    )
    empty = sum(not gold.possible for gold in sentences)
    report += f"; {empty} sentences have no link" if empty else ""
    report += f"; {len(nulls)} links to the empty word (0) left out" if nulls else ""
    return GoldFile(sentences, start, report)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise DataError(f"{path}: not a gzip file that can be read ({error})") from error
    # only ASCII carries meaning here, and old sets are in Latin-1: nothing else need be decoded
    text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _pharaoh(path: Path, lines: list[str], count: int) -> list[_Entry]:
    if len(lines) != count:
        blank = sum(not line.strip() for line in lines)
        extra = f" ({blank} of them blank)" if blank else ""
        raise DataError(
            f"{path}: {len(lines)} lines{extra}, but the test set has {count} sentences; "
            "one line a sentence is needed"
        )
    entries = []
    for number, line in enumerate(lines, start=1):
        for token in line.split():
            match = _PHARAOH.fullmatch(token)
            if match is None:
                raise DataError(
                    f"{path}:{number}: cannot read '{token}'; "
                    "write i-j for a sure link, ipj or i?j for a possible one"
                )
            entries.append(
                _Entry(number, number - 1, int(match[1]), int(match[3]), match[2] == "-")
            )
    return entries


def _columns(path: Path, lines: list[str], count: int) -> list[_Entry]:
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = _COLUMNS.fullmatch(line.strip())
        if match is None:
            raise DataError(
                f"{path}:{number}: cannot read '{line.strip()}'; "
                "write sentence, source word, target word, then S or P"
            )
        kind = match[4] or match[5] or "S"
        found.append((number, int(match[1]), int(match[2]), int(match[3]), kind == "S"))
    # the format numbers sentences from 1; a sentence 0 shows that this file does not
    first = 0 if any(entry[1] == 0 for entry in found) else 1
    return [
        _Entry(line, _sentence(path, line, number, first, count), src, tgt, is_sure)
        for line, number, src, tgt, is_sure in found
    ]


def _blocks(path: Path, lines: list[str], count: int) -> list[_Entry]:
    numbers = [int(match[1]) for line in lines if (match := _HEADING.fullmatch(line.strip()))]
    first = 0 if 0 in numbers else 1
    entries = []
    sentence = 0
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if heading := _HEADING.fullmatch(text):
            sentence = _sentence(path, number, int(heading[1]), first, count)
        elif match := _BLOCK.fullmatch(text):
            is_sure = match[1] == "S"
            entries.append(_Entry(number, sentence, int(match[2]), int(match[3]), is_sure))
        elif text:
            raise DataError(f"{path}:{number}: cannot read '{text}'; write S 1 2 or P 1 2")
    return entries


def _sentence(path: Path, line: int, number: int, first: int, count: int) -> int:
    if not first <= number < first + count:
        raise DataError(
            f"{path}:{line}: sentence {number}, but the test set has {count} sentences, "
            f"counted from {first}"
        )
    return number - first


def _base(
    path: Path, entries: list[_Entry], lengths: Sequence[tuple[int, int]], form: str
) -> tuple[int, str]:
    """Where the words of a file are counted from, and the reason in words."""
    zero = next((entry for entry in entries if 0 in (entry.src, entry.tgt)), None)
    past = next((entry for entry in entries if _reaches_end(entry, lengths)), None)
    if zero and past:
        if form == "NAACL":
            return 1, f"line {past.line} names the last word by the sentence's length"
        raise DataError(
            f"{path}:{past.line}: sentence {past.sentence + 1}: link {past.src}-{past.tgt} fits "
            f"only words counted from 1, but line {zero.line} has a 0; "
            "is this the alignment of these sentences, source before target?"
        )
    if zero and form == "NAACL" and not any(entry.src == entry.tgt == 0 for entry in entries):
        return 1, f"a 0 with another number, as in line {zero.line}, is the empty word"
    if zero:
        return 0, f"line {zero.line} has a 0"
    if past:
        return 1, f"line {past.line} names the last word by the sentence's length"
    convention = 0 if form == "Pharaoh" else 1
    return convention, f"the usual way of {form} files: no link tells"


def _reaches_end(entry: _Entry, lengths: Sequence[tuple[int, int]]) -> bool:
    src_len, tgt_len = lengths[entry.sentence]
    return entry.src == src_len or entry.tgt == tgt_len


def _sentences(
    path: Path, entries: list[_Entry], lengths: Sequence[tuple[int, int]], base: int
) -> list[Gold]:
    sure: list[set[Link]] = [set() for _ in lengths]
    possible: list[set[Link]] = [set() for _ in lengths]
    for entry in entries:
        src, tgt = entry.src - base, entry.tgt - base
        src_len, tgt_len = lengths[entry.sentence]
        if not (0 <= src < src_len and 0 <= tgt < tgt_len):
            swapped = 0 <= tgt < src_len and 0 <= src < tgt_len
            hint = "; the source word comes first: are the two sides swapped?" if swapped else ""
            raise DataError(
                f"{path}:{entry.line}: sentence {entry.sentence + 1}: link {entry.src}-{entry.tgt} "
                f"is outside its {src_len} source and {tgt_len} target words, "
                f"counted from {base}{hint}"
            )
        (sure if entry.is_sure else possible)[entry.sentence].add((src, tgt))
    return [Gold.of(*pair) for pair in zip(sure, possible, strict=True)]
