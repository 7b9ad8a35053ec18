"""Greedy decoding of a sentence in one run of ONNX Runtime: the step as the body of a loop.

Between two steps nothing is started by Python, and no thread is woken up again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attncli.export.onnx.graphs import AFTER
from attncli.marks import EOS

TOKEN = "token"
LIMIT = "limit"
WORDS, LOG_PROBS, ENDS = FOUND = ("words", "word_log_probs", "end_log_probs")


def looped(path: Path) -> bytes:
    """The graph of a step as one that writes a sentence, for ONNX Runtime.

        limit, token, what is held -> words, word_log_probs, end_log_probs

    Each of these is (steps, 1, 1): the likeliest word of every step, up to the first EOS or for
    `limit` steps, its log-probability, and that of EOS. Weights are those of the step.
    """
    import onnx
    from onnx import TensorProto, helper

    step = onnx.load(str(path))
    inputs = {one.name: one for one in step.graph.input}
    after = [one.name for one in step.graph.output if one.name.startswith(AFTER)]
    carried = [TOKEN, *(name.removeprefix(AFTER) for name in after)]

    def named(name: str, kind: int) -> Any:
        return helper.make_tensor_value_info(name, kind, None)

    def single(name: str, kind: int) -> Any:
        return helper.make_tensor_value_info(name, kind, [])

    def number(name: str, value: int) -> Any:
        return helper.make_tensor(name, TensorProto.INT64, [1], [value])

    best = [
        helper.make_node("ArgMax", ["log_probs"], ["word"], axis=2, keepdims=0),
        helper.make_node("ReduceMax", ["log_probs", "last axis"], ["likeliest"], keepdims=0),
        helper.make_node("Gather", ["log_probs", "EOS"], ["ends"], axis=2),
        helper.make_node("Squeeze", ["ends", "last axis"], ["end"]),
        helper.make_node("Equal", ["word", "EOS"], ["ended"]),
        helper.make_node("Not", ["ended"], ["not ended"]),
        helper.make_node("Squeeze", ["not ended"], ["goes on"]),
        helper.make_node("Identity", ["word"], ["written"]),
    ]
    body = helper.make_graph(
        [*step.graph.node, *best],
        "body",
        [
            single("iteration", TensorProto.INT64),
            single("go on", TensorProto.BOOL),
            *(named(name, inputs[name].type.tensor_type.elem_type) for name in carried),
        ],
        [
            single("goes on", TensorProto.BOOL),
            named("word", TensorProto.INT64),
            *(named(AFTER + name, inputs[name].type.tensor_type.elem_type) for name in carried[1:]),
            named("written", TensorProto.INT64),
            named("likeliest", TensorProto.FLOAT),
            named("end", TensorProto.FLOAT),
        ],
    )
    last = ["last " + name for name in carried]
    loop = helper.make_node("Loop", [LIMIT, "", *carried], [*last, *FOUND], body=body)
    graph = helper.make_graph(
        [loop],
        "greedy",
        [single(LIMIT, TensorProto.INT64), *step.graph.input],
        [named(WORDS, TensorProto.INT64), *(named(n, TensorProto.FLOAT) for n in FOUND[1:])],
        [*step.graph.initializer, number("EOS", EOS), number("last axis", 2)],
    )
    model = helper.make_model(
        graph, opset_imports=step.opset_import, functions=step.functions, ir_version=step.ir_version
    )
    written: bytes = model.SerializeToString()
    return written
