"""What is said below a table of the rows as a whole."""

from __future__ import annotations

from attncli.compare.conclusion import speeds_of
from tests.compare.rows import row


def test_speeds_of_one_machine_name_it():
    assert speeds_of([row("a"), row("b")]) == "speed and memory: Abacus, 2 cores"


def test_speeds_of_several_machines_do_not_compare():
    rows = [row("a", (0, 0)), row("b", said_of={"machine": "Slide rule, 1 cores"})]
    said = speeds_of(rows)
    assert said.startswith("speed and memory are of several machines and do not compare: ")
    assert said.endswith("Abacus, 2 cores (a); Slide rule, 1 cores (b)")
