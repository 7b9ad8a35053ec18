"""What is said below a table of the rows as a whole."""

from __future__ import annotations

from dataclasses import replace

from attncli.compare.conclusion import conclude, speeds_of, unaligned
from attncli.compare.request import Request
from attncli.text.pair import Pair
from tests.compare.rows import REFERENCES, row


def test_speeds_of_one_machine_name_it():
    assert speeds_of([row("a"), row("b")]) == "speed and memory: Abacus, 2 cores"


def test_speeds_of_several_machines_do_not_compare():
    rows = [row("a", (0, 0)), row("b", said_of={"machine": "Slide rule, 1 cores"})]
    said = speeds_of(rows)
    assert said.startswith("speed and memory are of several machines and do not compare: ")
    assert said.endswith("Abacus, 2 cores (a); Slide rule, 1 cores (b)")


def test_sentences_without_alignment_error_are_counted():
    rows = [row("a"), row("b")]
    assert unaligned(rows) == []
    tests = rows[1].runs[0].tests
    tests["test"] = replace(tests["test"], unaligned=3)
    (said,) = unaligned(rows)
    assert said.endswith("cannot be followed through preprocessing: b on test (3 of 14)")


def test_a_row_of_another_text_is_held_to_nothing(tmp_path):
    names = ("a", "b", "c", "d")
    rows = [row(name, (count,), figure=count) for count, name in enumerate(names)]
    apart = rows[3].runs[0]
    other = replace(apart.tests["test"], text="another", hypotheses=["one", "two"])
    apart.tests["test"] = other
    words = " ".join("w" * 45)
    pairs = [Pair(words if n % 2 else "w", line) for n, line in enumerate(REFERENCES)]
    request = Request("made", tmp_path)
    found = conclude(rows, request, "b", ["test"], {}, {"test": pairs})
    assert [bool(one.against) for one in found.rows] == [True, False, True, False]
    assert [one.endurance is None for one in found.rows] == [False, False, False, True]
    assert found.agreement.rows == ["a", "b", "c"]
