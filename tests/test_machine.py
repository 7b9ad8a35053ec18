"""What the machine is told before any work."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from attncli import machine
from attncli.errors import UsageError

SUBNORMAL = """
import threading
import torch
from attncli import machine

def tiny():
    return (torch.full((4,), 1e-38) * 1e-3).count_nonzero().item()

before = tiny()
machine.prepare("cpu", 2)
inside = []
worker = threading.Thread(target=lambda: inside.append(tiny()))
worker.start()
worker.join()
many = (torch.full((2_000_000,), 1e-38) * 1e-3).count_nonzero().item()
factor = torch.full((2_000_000,), 1e-38, requires_grad=True)
(factor * 1e-3).backward(torch.full((2_000_000,), 1e-38))
print(before, tiny(), inside[0], many, factor.grad.count_nonzero().item(), torch.get_num_threads())
"""


def test_subnormal_numbers_are_zero_in_every_thread():
    done = subprocess.run([sys.executable, "-c", SUBNORMAL], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, *after, threads = map(int, done.stdout.split())
    if before == 0:
        pytest.skip("this processor has no subnormal numbers")
    assert after == [0, 0, 0, 0]
    assert threads == 2


def test_an_unknown_device_is_refused():
    with pytest.raises(UsageError, match="unknown device 'gpu'; there is cpu, cuda and mps"):
        machine.prepare("gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has one")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="no cuda that torch can use"):
        machine.prepare("cuda:1")


def test_the_device_is_torch_s():
    assert machine.prepare("cpu") == torch.device("cpu")


SHAPES = """
from pathlib import Path
import torch
from attncli import machine

def held():
    return int(Path("/proc/self/statm").read_text().split()[1])

machine.prepare("cpu", 1)
weight = torch.randn(512, 512, dtype=torch.bfloat16)
with torch.no_grad():
    for length in range(1, 800):
        torch.nn.functional.linear(torch.randn(length, 512, dtype=torch.bfloat16), weight)
        if length == 20:
            before = held()
print(held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
@pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="no bf16 products on this processor"
)
def test_products_of_ever_new_shapes_do_not_fill_the_memory(monkeypatch):
    def grown():
        done = subprocess.run([sys.executable, "-c", SHAPES], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    monkeypatch.delenv(machine.KERNELS, raising=False)
    own = grown()
    monkeypatch.setenv(machine.KERNELS, "1024")
    assert own < 0.85 * grown()
