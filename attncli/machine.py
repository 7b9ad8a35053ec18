"""What the machine is told before any work: device, threads, allocator, tiny numbers."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

from attncli.errors import UsageError

M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4
KEPT_BYTES = 1 << 30
KEPT_KERNELS = {
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": 64,  # oneDNN's own
    "LRU_CACHE_CAPACITY": 128,  # those that torch keeps of it
}


def prepare(device: str = "cpu", threads: int = 0) -> torch.device:
    """Sets up this process for training or decoding; call it before the first tensor is made.

    Subnormal numbers become zero: gradients through a saturated softmax fall into them, and
    products then run many times slower. Worker threads inherit this, hence the order.

    Raises:
        UsageError: the device is not there.
    """
    torch.set_flush_denormal(True)
    _keep_freed_memory()
    _forget_old_kernels()
    if threads:
        torch.set_num_threads(threads)
    kind = device.partition(":")[0]
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if kind not in present:
        raise UsageError(f"unknown device '{device}'; there is cpu, cuda and mps")
    if not present[kind]:
        raise UsageError(f"this machine has no {kind} that torch can use (try --device cpu)")
    try:
        return torch.device(device)
    except RuntimeError:
        raise UsageError(f"unknown device '{device}'; a number follows {kind}: {kind}:0") from None


def _keep_freed_memory() -> None:
    """Has glibc keep large blocks for the next step, not hand them back and fault them in again."""
    if sys.platform == "linux" and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def _forget_old_kernels() -> None:
    """Has oneDNN keep few of the kernels that it writes for each shape of a product.

    No two batches are of one shape, and each kernel holds megabytes: at its own limit of 1024 a
    training of 1.2 GB grows to 4.6 GB. They are looked up when the first is written.
    """
    for name, number in KEPT_KERNELS.items():
        os.environ.setdefault(name, str(number))


def peak_memory(device: torch.device) -> int:
    """The most memory in bytes that this process has held so far, on the device it works on."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
