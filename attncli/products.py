"""Which library multiplies float32 matrices on a CPU, and whether it may round their factors.

torch asks MKL. Where factors may be rounded to bf16 it asks oneDNN instead, which does round them
where the processor has matrix units for bf16, and computes in float32 elsewhere. On a processor
that is not Intel's MKL leaves half of AVX-512 unused, so that there oneDNN, which rounds nothing,
is twice as fast. It takes longer to start: small products are better left to MKL.
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
BY_ONEDNN = TO_BF16 = "medium"
LARGE = 1_000_000  # multiply-adds from which on oneDNN's product is the faster one
FEW = 2  # rows up to which a product reads its matrix for little work, which MKL does faster
BLOCK = 16  # numbers that AVX-512 takes at once
INTEL = "GenuineIntel"
FACTS = Path("/proc/cpuinfo")


@contextmanager
def multiplied(by: str | None) -> Iterator[None]:
    """Within it a library multiplies: BY_MKL, BY_ONEDNN, or for None whichever does anyway.

    torch has one such setting for all threads of a process.
    """
    if by is None:
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(by)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def exact(device: torch.device) -> str | None:
    """BY_ONEDNN where it is faster at large products and rounds nothing; else None."""
    if device.type != "cpu" or torch.backends.cpu.get_cpu_capability() != "AVX512":
        return None
    with multiplied(BY_ONEDNN):
        return BY_ONEDNN if vendor() != INTEL and keeps_factors() else None


def vendor() -> str:
    """Who made the processor, in its own words; empty where the system does not say."""
    lines = FACTS.read_text(encoding="utf-8").splitlines() if FACTS.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id"))
    return next(names, "") or platform.processor().rpartition(", ")[2]


def keeps_factors(size: int = 64) -> bool:
    """Whether a product has all digits of its factors; bf16 has 8 of these 13."""
    unit = torch.eye(size, dtype=torch.float32, device="cpu")
    factors = torch.full_like(unit, 1 + 2**-12)
    with torch.autocast("cpu", enabled=False):
        return torch.equal(factors @ unit, factors)


def for_rows(rows: int, device: torch.device, width: int | None = None) -> str | None:
    """The library for products of so many rows with matrices of about width x width.

    None for the width is for matrices that are large enough for any number of rows.
    """
    small = rows <= FEW or (width is not None and rows * width**2 < LARGE)
    return BY_MKL if small and exact(device) else exact(device)


def by_onednn(factor: Tensor) -> bool:
    """Whether oneDNN would multiply by this factor."""
    return factor.device.type == "cpu" and torch.get_float32_matmul_precision() != BY_MKL


def whole_blocks(length: int) -> int:
    """The least length of whole blocks that is not less than this one.

    The fused kernel takes powers of the scores of a block at once, and of those in a part of one by
    one, which takes longer.
    """
    return -(-length // BLOCK) * BLOCK


def attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention, (batch, heads, queries, dim), by the fused kernel.

    Its products are tiny and never oneDNN's.

    Args:
        query: (batch, heads, queries, dim)
        keys, values: (batch, heads, length, dim)
        mask: True where there is something to look at, or what is added to the scores; or None
    """
    if not by_onednn(query):
        return functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    with multiplied(BY_MKL):
        return functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)


def product(left: Tensor, right: Tensor) -> Tensor:
    """The product of left (..., rows, width) with right (..., width, columns).

    Where there is a matrix for each sentence, these are small and never oneDNN's: it would take
    longer to start, or to round every one by itself.
    """
    if right.dim() == 2 or not by_onednn(right):
        return left @ right
    with multiplied(BY_MKL):
        return left @ right
