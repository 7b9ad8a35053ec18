"""How products of float32 matrices round their factors, which a CPU with units for bf16 does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

EXACT = "highest"  # in torch's words
TO_BF16 = "medium"


@contextmanager
def rounded(precision: str) -> Iterator[None]:
    """Has products round their factors so far: EXACT or TO_BF16."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def product(left: Tensor, right: Tensor) -> Tensor:
    """The product of left (..., rows, width) with right (..., width, columns).

    Where there is a matrix for each sentence, these are small, and to round every one by itself
    takes longer than to multiply it: they stay exact.
    """
    if right.dim() == 2 or torch.get_float32_matmul_precision() == EXACT:
        return left @ right
    with rounded(EXACT):
        return left @ right
