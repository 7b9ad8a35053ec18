"""How many runs go at a time, and on how many threads."""

from __future__ import annotations

import os

import pytest

from attncli.compare.request import jobs_of, threads_of


@pytest.mark.parametrize(
    ("cores", "jobs", "threads", "device", "expected"),
    [
        (1, 0, 0, "cpu", (1, 1)),
        (2, 0, 0, "cpu", (2, 1)),
        (2, 0, 2, "cpu", (1, 2)),
        (2, 0, 4, "cpu", (1, 4)),
        (16, 0, 0, "cpu", (4, 4)),
        (16, 0, 0, "cuda", (1, 16)),
        (16, 3, 0, "cpu", (3, 5)),
        (2, 3, 0, "cuda", (3, 1)),
    ],
)
def test_the_cores_are_shared_among_the_jobs(monkeypatch, cores, jobs, threads, device, expected):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    at_once = jobs_of(jobs, threads, device)
    assert (at_once, threads_of(threads, at_once)) == expected
