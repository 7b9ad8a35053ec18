"""Work that is spread over cores."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from attncli.parallel import on_every_core


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_items(two_threads):
    told = []
    assert on_every_core(lambda item: item * item, range(7), told.append) == [
        n * n for n in range(7)
    ]
    assert told == [*range(7)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the work stays in one process")
def test_each_core_gets_a_process_with_one_thread(two_threads):
    seen = on_every_core(lambda _: (os.getpid(), torch.get_num_threads()), range(4), str)
    assert os.getpid() not in {pid for pid, _ in seen}
    assert {threads for _, threads in seen} == {1}
    assert torch.get_num_threads() == 2


def test_one_item_or_one_thread_stays_here(two_threads):
    assert on_every_core(lambda _: os.getpid(), [0], str) == [os.getpid()]
    torch.set_num_threads(1)
    assert on_every_core(lambda _: os.getpid(), [0, 1], str) == [os.getpid()] * 2


def test_an_error_comes_out_as_it_is(two_threads):
    def fail(item):
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        on_every_core(fail, [0, 1, 2], str)


# One write a line: where print writes the number and the end of the line apart, two workers mix.
ENDLESS = """
import os, time, torch
from attncli.parallel import on_every_core
torch.set_num_threads(2)

def wait(_):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(600)

on_every_core(wait, [0, 1], str)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the work stays in one process")
def test_nobody_works_on_for_a_process_that_was_killed():
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE) as parent:
        try:
            workers = [int(parent.stdout.readline()) for _ in range(2)]
        finally:
            parent.kill()
    until = time.monotonic() + 30
    while any(_is_alive(pid) for pid in workers):
        assert time.monotonic() < until, "a worker outlived its process"
        time.sleep(0.05)


def _is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
