"""From runs to rows."""

from __future__ import annotations

import pytest

from attncli.compare.assembly import machine

FACTS = {"processor": "Abacus", "cpus": 2, "gpu": "Difference Engine"}


@pytest.mark.parametrize(
    ("device", "said"), [("cpu", "Abacus, 2 cores"), ("cuda", "Difference Engine")]
)
def test_the_machine_of_a_run_is_the_one_it_was_trained_on(device, said):
    assert machine({**FACTS, "device": device}) == said
