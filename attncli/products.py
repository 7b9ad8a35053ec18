"""Which library multiplies float32 matrices on a CPU, and when it may round their factors.

torch asks MKL. Where factors may be rounded to bf16 it asks oneDNN instead, which does round them
where the processor has matrix units for bf16, and computes in float32 elsewhere. On a processor
that is not Intel's MKL leaves half of AVX-512 unused, so that there oneDNN, which rounds nothing,
is twice as fast.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

BY_MKL = "highest"  # in torch's words, which are about rounding
BY_ONEDNN = "medium"
LARGE = 1_000_000
"""Multiply-adds from which on oneDNN is faster: it takes longer to start."""
FEW = 2
"""Up to so many rows a product reads its matrix for little work, which MKL does faster."""


@contextmanager
def multiplied(by: str) -> Iterator[None]:
    """Has a library multiply so far: BY_MKL or BY_ONEDNN."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(by)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def exact(device: torch.device) -> str:
    """The faster library there at large products that round nothing; on a GPU torch's own."""
    known = device.type != "cpu" or vendor() == "GenuineIntel"
    if known or torch.backends.cpu.get_cpu_capability() != "AVX512":
        return BY_MKL
    with multiplied(BY_ONEDNN):
        return BY_ONEDNN if keeps_factors() else BY_MKL


def vendor() -> str:
    """Who made the processor, in its own words, where the system says so."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id")]
    return next(iter(names), "") or platform.processor().rpartition(", ")[2]


def keeps_factors(size: int = 64) -> bool:
    """Whether a product has all digits of its factors; bf16 has 8 of these 13."""
    factors = torch.full((size, size), 1 + 2**-12)
    return torch.equal(factors @ torch.eye(size), factors)


def for_rows(rows: int, width: int, device: torch.device) -> str:
    """The library for products of so many rows with matrices of about width x width."""
    return exact(device) if rows * width**2 >= LARGE else BY_MKL


def heads(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention by the fused kernel, each of whose products is tiny.

    Args:
        query: (batch, heads, queries, dim)
        keys, values: (batch, heads, length, dim)
        mask: what is added to the scores, or where there is something to look at
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(BY_MKL)
    found = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    torch.set_float32_matmul_precision(before)
    return found


def product(left: Tensor, right: Tensor) -> Tensor:
    """The product of left (..., rows, width) with right (..., width, columns).

    Where there is a matrix for each sentence, these are small, and to round every one by itself
    takes longer than to multiply it: they stay exact.
    """
    if right.dim() == 2 or torch.get_float32_matmul_precision() == BY_MKL:
        return left @ right
    with multiplied(BY_MKL):
        return left @ right
