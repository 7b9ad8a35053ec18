"""Scaled dot products of several heads (Vaswani et al. 2017, eq. 1), as few operators of ONNX."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import torch

from attncli.export.onnx.operators import OPERATORS
from attncli.models.base import Seq2Seq
from attncli.models.transformer import Transformer
from attncli.models.transformer_reading import attend_within
from attncli.models.transformer_writing import attend_on

OPSET = 23

OPERATORS.define(  # type: ignore[no-untyped-call]
    "attend_on(Tensor query, Tensor key, Tensor value, Tensor keys, Tensor values, Tensor? reach) "
    "-> (Tensor, Tensor, Tensor)"
)
OPERATORS.impl(  # type: ignore[no-untyped-call]
    "attend_on", attend_on, "CompositeExplicitAutograd"
)
OPERATORS.define(  # type: ignore[no-untyped-call]
    "attend_within(Tensor query, Tensor key, Tensor value, int heads, Tensor reach) -> Tensor"
)
OPERATORS.impl(  # type: ignore[no-untyped-call]
    "attend_within", attend_within, "CompositeExplicitAutograd"
)
torch.library.register_fake(  # it decides by the length, which is open in a graph
    "attncli::attend_within",
    lambda query, key, value, heads, reach: value.new_empty(value.shape),
    lib=OPERATORS,
)


def translations() -> dict[Any, Callable[..., Any]]:
    """What these are in ONNX; every query has something to look at."""
    from onnxscript.onnx_opset import opset18, opset23

    op: Any = opset18
    later: Any = opset23

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

    def attend_on(
        query: Any, key: Any, value: Any, keys: Any, values: Any, reach: Any = None
    ) -> tuple[Any, ...]:
        """ONNX has one operator for all of this from OPSET on, and gives the scores as well."""
        heads = keys.shape[1]
        found: tuple[Any, ...] = later.Attention(
            query, key, value, reach, keys, values, q_num_heads=heads, kv_num_heads=heads
        )
        return found[:3]

    def attend_within(query: Any, key: Any, value: Any, heads: int, reach: Any) -> Any:
        found: tuple[Any, ...] = later.Attention(
            query, key, value, reach, q_num_heads=heads, kv_num_heads=heads
        )
        return found[0]

    return {
        torch.ops.aten.scaled_dot_product_attention.default: attend,
        torch.ops.attncli.attend_on.default: attend_on,
        torch.ops.attncli.attend_within.default: attend_within,
    }


def attending_at_once(model: Seq2Seq) -> tuple[Seq2Seq, int | None]:
    """A copy of the model whose words attend to one another by one operator, and ONNX's version.

    Where heads are no plain products the model is as it was, and the version is torch's choice.
    """
    if not isinstance(model, Transformer) or not (model.reading or model.fast_layers(look=False)):
        return model, None
    copied = copy.deepcopy(model)
    copied.attend_on = torch.ops.attncli.attend_on
    copied.attend_within = torch.ops.attncli.attend_within
    return copied, OPSET
