"""Work that is spread over cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from attncli.errors import RunError
from attncli.parallel import Cores

LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the work stays in one process"
)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_items(two_threads):
    told = []
    assert Cores(lambda item: item * item).each(range(7), told.append) == [n * n for n in range(7)]
    assert told == [*range(7)]


@LINUX
def test_each_core_gets_a_process_with_one_thread(two_threads):
    seen = Cores(lambda _: (os.getpid(), torch.get_num_threads())).each(range(4), str)
    assert os.getpid() not in {pid for pid, _ in seen}
    assert {threads for _, threads in seen} == {1}
    assert torch.get_num_threads() == 2


def test_one_item_or_one_thread_stays_here(two_threads):
    assert Cores(lambda _: os.getpid()).each([0], str) == [os.getpid()]
    torch.set_num_threads(1)
    assert Cores(lambda _: os.getpid()).each([0, 1], str) == [os.getpid()] * 2


def test_an_error_comes_out_as_it_is(two_threads):
    def fail(item):
        if item < 3:
            raise ValueError(f"item {item}")
        return item

    cores = Cores(fail)
    with pytest.raises(ValueError, match="item 0"):
        cores.each([0, 1, 2], str)
    assert cores.each([3, 4], str) == [3, 4]  # and the next call is none the worse


def meeting():
    """Work that as many processes must do at a time as the item says; who did it."""
    barriers = {count: multiprocessing.get_context("fork").Barrier(count) for count in (2, 3)}

    def who(count):
        barriers[count].wait(30)
        return os.getpid()

    return who


@LINUX
def test_the_processes_stay_until_their_number_is_wrong_or_the_end(two_threads):
    cores = Cores(meeting())
    first = {*cores.each([2, 2], str)}
    assert {*cores.each([2, 2], str)} == first
    torch.set_num_threads(3)
    three = {*cores.each([3, 3, 3], str)}
    assert not any(map(_is_alive, first))
    assert {*cores.each([2, 2], str)} <= three
    torch.set_num_threads(2)
    two = {*cores.each([2, 2], str)}
    assert not any(map(_is_alive, three))
    cores.close()
    assert not any(map(_is_alive, two))
    again = {*cores.each([2, 2], str)}
    assert all(map(_is_alive, again))
    del cores
    _wait_for_the_end_of(again)


@LINUX
def test_a_process_that_was_ended_is_said_and_the_next_call_has_others(two_threads):
    cores = Cores(meeting())
    killed, _ = cores.each([2, 2], str)
    os.kill(killed, signal.SIGKILL)
    _wait_for_the_end_of([killed])
    with pytest.raises(RunError, match=r"was ended.*--threads 1"):
        cores.each([2, 2], str)
    assert len({*cores.each([2, 2], str)}) == 2


@LINUX
def test_a_thread_has_processes_of_its_own_which_end_with_it(two_threads):
    cores, others = Cores(meeting()), []

    def work():
        torch.set_num_threads(2)
        others.extend(cores.each([2, 2], str))

    ours = {*cores.each([2, 2], str)}
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len({*others} | ours) == 4
    _wait_for_the_end_of(others)
    assert {*cores.each([2, 2], str)} == ours


@LINUX
def test_what_is_decoded_after_the_end_is_decoded_as_things_are_then(two_threads):
    now = [1]
    cores = Cores(lambda item: now[0] * item)
    assert cores.each([1, 2], str) == [1, 2]
    now[0] = 10
    cores.close()
    assert cores.each([1, 2], str) == [10, 20]


AT_THE_END = """
import torch
from attncli.parallel import Cores
torch.set_num_threads(2)
cores = Cores(lambda item: item)
print(cores.each([1, 2], str))
"""


def test_a_process_that_forgets_to_end_them_ends_with_them_in_silence():
    done = subprocess.run(
        [sys.executable, "-c", AT_THE_END], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("[1, 2]\n", "")


# One write a line: where print writes the number and the end of the line apart, two workers mix.
ENDLESS = """
import os, time, torch
from attncli.parallel import Cores
torch.set_num_threads(2)

def wait(_):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(600)

Cores(wait).each([0, 1], str)
"""


@LINUX
def test_nobody_works_on_for_a_process_that_was_killed():
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE) as parent:
        try:
            workers = [int(parent.stdout.readline()) for _ in range(2)]
        finally:
            parent.kill()
    _wait_for_the_end_of(workers)


def _wait_for_the_end_of(workers):
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
