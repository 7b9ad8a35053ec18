"""What the machine is told before any work."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from attncli import machine
from attncli.errors import UsageError
from attncli.products import exact

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
import sys
from pathlib import Path
import torch
from attncli import machine
from attncli.products import exact, multiplied

def held():
    return int(Path("/proc/self/statm").read_text().split()[1])

machine.prepare("cpu", 1)
kind = getattr(torch, sys.argv[1])
weight = torch.randn(512, 512, dtype=kind)
with torch.no_grad(), multiplied(exact(torch.device("cpu"))):
    for length in range(1, 800):
        torch.nn.functional.linear(torch.randn(length, 512, dtype=kind), weight)
        if length == 20:
            before = held()
print(held() - before)
"""
BF16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            "bfloat16",
            marks=pytest.mark.skipif(not BF16, reason="no bf16 products on this processor"),
        ),
        pytest.param(
            "float32",
            marks=pytest.mark.skipif(
                exact(torch.device("cpu")) is None, reason="on this processor products are MKL's"
            ),
        ),
    ],
)
def test_products_of_ever_new_shapes_do_not_fill_the_memory(monkeypatch, kind):
    def grown():
        command = [sys.executable, "-c", SHAPES, kind]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    for name in machine.KEPT_KERNELS:
        monkeypatch.delenv(name, raising=False)
    own = grown()
    for name in machine.KEPT_KERNELS:
        monkeypatch.setenv(name, "1024")
    assert own < 0.85 * grown()
