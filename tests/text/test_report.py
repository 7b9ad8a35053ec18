"""The report before the first step: what it counts, where, and in how little memory."""

from __future__ import annotations

import tracemalloc

from attncli.text.pair import Pair
from attncli.text.report import DataReport


def test_everything_is_counted_with_its_line() -> None:
    report = DataReport(3)
    report.hold_out([Pair("g", "h")])
    pairs = [
        Pair("a", "b"), Pair("c", ""), Pair("a", "b"), Pair("1 2 3 4", "d"),
        Pair("e\u2028e", "f"), Pair("g", "h"), Pair("i\x85", "j"),
    ]  # fmt: skip
    trains = [kept.trains for kept in report.watch(pairs)]
    assert trains == [True, False, True, False, True, True, True]
    said = "\n".join(report.lines())
    assert "pairs read 7, of which 5 train" in said
    assert "empty on one side: 1 (line 2)" in said
    assert "longer than 3 words: 1 (line 4)" in said
    assert "seen before: 1 (line 3)" in said
    assert "also in valid or test: 1 (line 6)" in said
    assert "with odd separators: 2 (line 5, 7)" in said


def test_a_tab_cannot_make_two_pairs_one() -> None:
    report = DataReport(0)
    list(report.watch([Pair("a\tb", "c"), Pair("a", "b\tc")]))
    assert report.counts["seen before"].total == 0


def test_a_pair_leaves_nothing_in_memory() -> None:
    def kept(count: int) -> int:
        tracemalloc.start()
        report = DataReport(0)
        for _ in report.watch(Pair(f"a {number}", "b") for number in range(count)):
            pass
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return used

    kept(10)
    assert kept(50_000) < kept(10) + 10_000


def test_no_limit_and_no_pairs() -> None:
    report = DataReport(0)
    assert all(kept.trains for kept in report.watch([Pair("a " * 9999, "b")]))
    assert DataReport(5).lines() == ["pairs read 0, of which 0 train"]


def test_only_the_first_lines_are_named() -> None:
    report = DataReport(9)
    assert [kept.pair.tgt for kept in report.watch([Pair(str(n), "") for n in range(7)])] == [
        ""
    ] * 7
    assert "empty on one side: 7 (line 1, 2, 3, 4, 5, …)" in "\n".join(report.lines())


def test_length_ratios_name_their_lines() -> None:
    report = DataReport(9)
    list(report.watch([Pair("a b", "c d"), Pair("a", "b c d"), Pair("a b c d", "e")]))
    assert "length ratio 0.86, from 0.25 (line 3) to 3.00 (line 2)" in report.lines()[-1]


def test_what_divides_documents_repeats_nothing_and_leaks_nothing() -> None:
    pairs = [Pair("a", "b"), Pair("", ""), Pair("c", "d"), Pair(" ", ""), Pair("", "")]
    report = DataReport(0)
    report.hold_out(pairs[1:2])
    assert [kept.trains for kept in report.watch(pairs)] == [True, False, True, False, False]
    counts = {name: count.total for name, count in report.counts.items() if count.total}
    assert counts == {"blank on both sides": 3}
