"""Work that is spread over cores."""

from __future__ import annotations

import os
import sys

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
    assert on_every_core(lambda item: item * item, range(7)) == [n * n for n in range(7)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the work stays in one process")
def test_each_core_gets_a_process_with_one_thread(two_threads):
    seen = on_every_core(lambda _: (os.getpid(), torch.get_num_threads()), range(4))
    assert os.getpid() not in {pid for pid, _ in seen}
    assert {threads for _, threads in seen} == {1}
    assert torch.get_num_threads() == 2


def test_one_item_or_one_thread_stays_here(two_threads):
    assert on_every_core(lambda _: os.getpid(), [0]) == [os.getpid()]
    torch.set_num_threads(1)
    assert on_every_core(lambda _: os.getpid(), [0, 1]) == [os.getpid()] * 2


def test_an_error_comes_out_as_it_is(two_threads):
    def fail(item):
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        on_every_core(fail, [0, 1, 2])
