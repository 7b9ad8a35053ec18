"""What of a step goes into the loop that writes a sentence, and what stays outside of it."""

from __future__ import annotations

import pytest

from attncli.export.onnx.loop import apart, needed, read_by
from tests.export import onnx_runs

onnx = pytest.importorskip("onnx", reason="the extra `export` is not installed")


def graph(nodes, outputs):
    """Nodes as inputs -> output of one letter each, and the names of the outputs."""
    from onnx import TensorProto, helper

    made = [helper.make_node("Sum", list(read), [name]) for read, name in nodes]
    shown = [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in outputs]
    return helper.make_graph(made, "step", [], shown)


def written(nodes):
    return [node.output[0] for node in nodes]


def test_a_step_keeps_what_its_words_depend_on_by_way_of_later_steps():
    step = graph(
        [("tx", "a"), ("a", "words"), ("y", "after.x"), ("z", "after.y"), ("w", "after.w")],
        ["words", "after.x", "after.y", "after.w"],
    )
    nodes, names = needed(step, "words")
    assert written(nodes) == ["a", "words", "after.x", "after.y"]
    assert {"t", "x", "y", "z"} <= names
    assert not {"w", "after.w"} & names


def test_what_no_step_changes_is_computed_once():
    step = graph([("m", "a"), ("ab", "c"), ("xa", "d"), ("dc", "e"), ("m", "f")], ["e"])
    once, each = apart(list(step.node), {"x"})
    assert written(once) == ["a", "c", "f"]
    assert written(each) == ["d", "e"]


def test_what_only_the_next_step_s_words_are_made_of_is_no_input():
    """Words that depend on what a step hands on, which no step reads."""
    nodes, names = needed(
        graph([("t", "after.x"), (["after.x"], "words")], ["words", "after.x"]), "words"
    )
    assert written(nodes) == ["after.x", "words"]
    assert "x" not in names


def test_what_is_handed_on_is_made_in_the_loop():
    once, each = apart(list(graph([("m", "a"), ("m", "after.x"), ("x", "b")], []).node), {"x"})
    assert written(once) == ["a"]
    assert written(each) == ["after.x", "b"]


def test_a_graph_within_a_node_reads_for_it():
    from onnx import helper

    inner = graph([("xm", "inner")], ["inner"])
    chooses = helper.make_node("If", ["c", ""], ["d"], then_branch=inner, else_branch=inner)
    assert {"c", "x", "m"} <= read_by(chooses)
    assert "" not in read_by(chooses)
    once, each = apart([chooses], {"x"})
    assert (once, each) == ([], [chooses])


@pytest.fixture(scope="module")
def loop(corpus, tmp_path_factory):
    """The graph that writes a sentence with a Transformer."""
    pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
    runs = tmp_path_factory.mktemp("runs")
    onnx_runs.exported(corpus, runs, "transformer")
    return onnx.load(str(runs / "transformer" / "onnx" / "greedy.onnx")).graph


def test_one_hypothesis_has_no_other_whose_words_it_must_not_see(loop):
    """Lineages are not handed from step to step."""
    names = {one.name for one in loop.input}
    own = {name for name in names if name.startswith(("memory0.", "state."))}
    assert own == {"memory0.keys", "memory0.values", "state.position"}


def test_the_mask_of_the_source_is_made_before_the_loop(loop):
    (body,) = [part.g for node in loop.node if node.op_type == "Loop" for part in node.attribute]
    read = {name for node in body.node for name in node.input}
    assert not any(name.endswith(".mask") for name in read)
    assert any(name.endswith(".mask") for node in loop.node for name in node.input)


def test_a_layer_looks_at_the_words_so_far_by_one_operator(loop):
    (body,) = [part.g for node in loop.node if node.op_type == "Loop" for part in node.attribute]
    made = {name: node.op_type for node in body.node for name in node.output}
    assert made["after.memory0.keys"] == made["after.memory0.values"] == "Attention"


def test_no_step_asks_the_source_head_by_head(loop):
    """What heads do to keys and values of the source is done before the loop."""
    (body,) = [part.g for node in loop.node if node.op_type == "Loop" for part in node.attribute]
    read = {name for node in body.node for name in node.input}
    sources = {one.name for one in loop.input if one.name.startswith("memory")} - {
        "memory0.keys",
        "memory0.values",
    }
    assert sources
    assert not sources & read
