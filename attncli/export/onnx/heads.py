"""Scaled dot products of several heads (Vaswani et al. 2017, eq. 1), as few operators of ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch


def translations() -> dict[Any, Callable[..., Any]]:
    """What torch's fused attention is in ONNX; every query has something to look at."""
    from onnxscript import opset18

    op: Any = opset18

    def attend(query: Any, key: Any, value: Any, attn_mask: Any = None) -> Any:
        scale = op.Constant(value_float=1 / math.sqrt(query.shape[3]))
        scores = op.MatMul(op.Mul(query, scale), op.Transpose(key, perm=[0, 1, 3, 2]))
        if attn_mask is not None:
            scores = op.Add(scores, as_numbers(attn_mask))
        return op.MatMul(op.Softmax(scores, axis=-1), value)

    def as_numbers(mask: Any) -> Any:
        if mask.dtype.name != "BOOL":
            return mask
        nothing, all_of_it = (op.Constant(value_float=bar) for bar in (0.0, -math.inf))
        return op.Where(mask, nothing, all_of_it)

    return {torch.ops.aten.scaled_dot_product_attention.default: attend}
