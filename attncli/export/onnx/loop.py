"""Greedy decoding of a sentence in one run of ONNX Runtime: the step as the body of a loop.

Between two steps nothing is started by Python, and no thread is woken up again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attncli.export.onnx.examples import TOKEN
from attncli.export.onnx.graphs import AFTER
from attncli.marks import EOS

LIMIT = "limit"
WORDS, LOG_PROBS, ENDS = FOUND = ("words", "word_log_probs", "end_log_probs")


def looped(path: Path) -> bytes:
    """The graph of a step of one hypothesis of one sentence as one that writes a sentence.

        limit, token, what is held -> words, word_log_probs, end_log_probs

    Each of these is (steps, 1, 1): the likeliest word of every step, up to the first EOS or for
    `limit` steps, its log-probability, and that of EOS. Weights are those of the step. What a step
    hands on to the next and no word depends on is left out.
    """
    import onnx
    from onnx import TensorProto, helper

    step = onnx.load(str(path))
    inputs = {one.name: one.type.tensor_type for one in step.graph.input}
    nodes, names = needed(step.graph, "log_probs")
    read = [one for one in step.graph.input if one.name in names]
    made = {one.name for one in step.graph.output}
    carried = [TOKEN, *(one.name for one in read if AFTER + one.name in made)]
    once, each = apart(nodes, set(carried))

    def single(name: str, kind: int) -> Any:
        return helper.make_tensor_value_info(name, kind, [])

    def row(name: str, kind: int, *length: str) -> Any:
        return helper.make_tensor_value_info(name, kind, [*length, 1, 1])

    def held(name: str, like: str) -> Any:
        """Its lengths may change from one step to the next."""
        rank = len(inputs[like].shape.dim)
        return helper.make_tensor_value_info(name, inputs[like].elem_type, [None] * rank)

    def number(name: str, value: int, *length: int) -> Any:
        return helper.make_tensor(name, TensorProto.INT64, length, [value])

    best = [
        helper.make_node("ArgMax", ["log_probs"], ["best_word"], axis=2, keepdims=0),
        helper.make_node("ReduceMax", ["log_probs", "over_words"], ["best_score"], keepdims=0),
        helper.make_node("Gather", ["log_probs", "EOS"], ["score_of_EOS"], axis=2),
        helper.make_node("Equal", ["best_word", "EOS"], ["is_EOS"]),
        helper.make_node("Not", ["is_EOS"], ["is_other"]),
        helper.make_node("Squeeze", ["is_other"], ["goes_on"]),
        helper.make_node("Identity", ["best_word"], ["written"]),
    ]
    body = helper.make_graph(
        [*each, *best],
        "body",
        [
            single("iteration", TensorProto.INT64),
            single("went_on", TensorProto.BOOL),
            *(held(name, name) for name in carried),
        ],
        [
            single("goes_on", TensorProto.BOOL),
            row("best_word", TensorProto.INT64),
            *(held(AFTER + name, name) for name in carried[1:]),
            row("written", TensorProto.INT64),
            row("best_score", TensorProto.FLOAT),
            row("score_of_EOS", TensorProto.FLOAT),
        ],
    )
    last = ["last." + name for name in carried]
    graph = helper.make_graph(
        [*once, helper.make_node("Loop", [LIMIT, "", *carried], [*last, *FOUND], body=body)],
        "greedy",
        [single(LIMIT, TensorProto.INT64), *read],
        [
            row(WORDS, TensorProto.INT64, "steps"),
            row(LOG_PROBS, TensorProto.FLOAT, "steps"),
            row(ENDS, TensorProto.FLOAT, "steps"),
        ],
        [
            *(one for one in step.graph.initializer if one.name in names),
            number("EOS", EOS),
            number("over_words", 2, 1),
        ],
    )
    model = helper.make_model(
        graph, opset_imports=step.opset_import, functions=step.functions, ir_version=step.ir_version
    )
    written: bytes = model.SerializeToString()
    return written


def needed(graph: Any, output: str) -> tuple[list[Any], set[str]]:
    """The nodes on which an output depends, over any number of steps, and all names in these.

    Where a node reads `x`, the step before must have made `after.x`.
    """
    makers = {name: node for node in graph.node for name in node.output}
    outputs = {one.name for one in graph.output}
    names: set[str] = set()
    unseen = [output]
    while unseen:
        name = unseen.pop()
        if name in names:
            continue
        names.add(name)
        if name in makers:
            unseen += read_by(makers[name])
        if AFTER + name in outputs:
            unseen.append(AFTER + name)
    return [node for node in graph.node if names & set(node.output)], names


def apart(nodes: list[Any], carried: set[str]) -> tuple[list[Any], list[Any]]:
    """Nodes, in their order, that are the same at every step, and those that are not.

    What makes `after.x` of a carried `x` is always one of these.
    """
    changing = carried | {AFTER + name for name in carried}
    once, each = [], []
    for node in nodes:
        if changing & (read_by(node) | set(node.output)):
            changing |= set(node.output)
            each.append(node)
        else:
            once.append(node)
    return once, each


def read_by(node: Any) -> set[str]:
    """The names that a node reads, by the graphs within it as well; what is left out has none."""
    names = set(node.input)
    for attribute in node.attribute:
        for inner in (attribute.g.node, *(graph.node for graph in attribute.graphs)):
            names.update(*map(read_by, inner))
    return names - {""}
