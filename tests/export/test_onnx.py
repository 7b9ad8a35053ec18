"""The exported graphs: ONNX Runtime writes what attncli writes."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from attncli.experiment import load, source_of
from attncli.export.forms import FORMS
from attncli.export.onnx.heads import OPSET
from attncli.run import Run
from attncli.search import Search
from attncli.text.piece_model import BOS, EOS
from attncli.translate import Translator
from tests.export import onnx_runs
from tests.export.onnx_runs import LIMIT, LINES, SHAPES, translate
from tests.running import attncli

pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
pytest.importorskip("onnxscript", reason="the extra `export` is not installed")
ENDING = {
    "general",
    "local",
    "coverage",
    "pointed",
    "transformer",
}  # shapes that end some of the lines


@pytest.fixture(scope="module")
def exported(corpus, tmp_path_factory):
    """A folder of runs, one for each shape, each with its export inside."""
    runs = tmp_path_factory.mktemp("exported")
    for shape in SHAPES:
        onnx_runs.exported(corpus, runs, shape)
    return runs


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_graphs_write_what_the_model_writes(exported, shape, beam):
    both = []
    for engine in ("torch", "onnx"):
        done = translate(exported, shape, engine, "--beam", beam, "--n-best", beam)
        assert done.code == 0, done.err
        both.append([line.split(" ||| ") for line in done.lines])
    ours, theirs = both
    assert [row[:2] for row in theirs] == [row[:2] for row in ours]
    assert len({row[beam > 1] for row in ours}) > 2
    if beam > 1:
        for our, their in zip(ours, theirs, strict=True):
            assert float(their[2]) == pytest.approx(float(our[2]), abs=2e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sentence_by_itself_is_written_in_one_run(exported, shape):
    """Where the steps are many runs (beam 1, several lines) is the test above."""
    loaded = load(Run(exported / shape))
    search = Search(beam=1, max_ratio=2, max_extra=4)
    plain = Translator([loaded], search)
    folder = exported / shape / "onnx"
    ours = FORMS["onnx"].translator(loaded, search, folder, sentences=4)
    cut = set()
    for line in filter(None, LINES.split("\n")):
        ((found,), (expected,)) = (one.translate([line])[0].hypotheses for one in (ours, plain))
        assert found.pieces == expected.pieces
        assert found.cut == expected.cut
        assert found.score == pytest.approx(expected.score, abs=2e-4)
        assert found.log_prob == pytest.approx(expected.log_prob, abs=2e-4)
        cut.add(found.cut)
    assert ours.model.encoder.sessions
    assert ours.model.all_steps.sessions
    assert not ours.model.one_step.sessions
    assert True in cut
    assert (False in cut) == (shape in ENDING)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_graphs_are_as_onnx_wants_them(exported, shape):
    onnx = pytest.importorskip("onnx")
    for path in sorted((exported / shape / "onnx").glob("*.onnx")):
        onnx.checker.check_model(onnx.load(path), full_check=True)


def written_by_graphs(folder, source):
    """Greedily, as docs/export.md describes the graphs: with numbers and ONNX Runtime alone."""
    import onnxruntime

    def run(session, given):
        needed = {one.name: given[one.name] for one in session.get_inputs()}
        names = [one.name for one in session.get_outputs()]
        return dict(zip(names, session.run(None, needed), strict=True))

    encode, step = (
        onnxruntime.InferenceSession(str(folder / f"{name}.onnx")) for name in ("encode", "step")
    )
    ids = np.array([source])
    mask = np.ones_like(ids, dtype=bool)
    given = {"source": ids, "source_mask": mask}
    read = run(encode, given)
    shapes = {one.name: one.shape for one in step.get_inputs()}
    memories = [name for name in shapes if name.startswith("memory")]
    kept = [part for name, part in read.items() if name.startswith("memory")]
    rooms = memories[: len(memories) - len(kept)]
    given |= dict(zip(memories[len(rooms) :], kept, strict=True))
    for name in rooms:
        blank = [size if isinstance(size, int) else 0 for size in shapes[name]]
        given[name] = np.zeros([1, *blank[1:]], np.float32)
    given |= {name: part for name, part in read.items() if name.startswith("state")}
    words, token = [], BOS
    for _ in range(2 * len(source) + 4):
        found = run(step, given | {"token": np.array([[token]])})
        given |= {n.removeprefix("after."): p for n, p in found.items() if "after" in n}
        token = int(found["log_probs"][0, 0].argmax())
        words.append(token)
        if token == EOS:
            break
    return words


@pytest.mark.parametrize("shape", ["general", "transformer"])
def test_any_program_can_write_with_the_graphs(exported, shape):
    loaded = load(Run(exported / shape))
    for line in LINES.split("\n")[:2]:
        (source,) = loaded.codec.encode_source([line])
        search = Search(beam=1, max_ratio=2, max_extra=4)
        ((found,),) = search.find(loaded.model, source_of([source], torch.device("cpu")))
        words = found.ids[:-1] if found.cut else found.ids
        assert written_by_graphs(exported / shape / "onnx", source)[: len(words)] == words


def test_batches_on_two_cores_are_the_same(exported):
    """Each core gets a fork of the process, with ONNX Runtime's sessions in it."""
    where = ["--run", "general", "--runs", exported, "--engine", "onnx", *LIMIT]
    many = (LINES * 8).encode()
    alone = attncli("translate", *where, "--threads", 1, stdin=many)
    shared = attncli("translate", *where, "--threads", 2, "--batch", 5, stdin=many)
    assert (alone.code, shared.code) == (0, 0), shared.err
    assert shared.lines == alone.lines


def test_words_are_drawn_by_the_seed(exported):
    found = []
    for engine, seed in (("torch", 5), ("onnx", 5), ("onnx", 6)):
        done = translate(exported, "general", engine, "--sample", "--seed", seed)
        assert done.code == 0, done.err
        found.append(done.lines)
    assert found[0] == found[1]
    assert found[1] != found[2]


def test_int8_is_smaller_and_writes_much_the_same(runs, tmp_path):
    shutil.copytree(runs / "first", tmp_path / "first")
    sizes = []
    for quantization in ("float32", "int8"):
        more = ["--to", "onnx", "--quantization", quantization]
        done = attncli("export", "first", "--runs", tmp_path, *more)
        assert done.code == 0, done.err
        folder = tmp_path / "first" / "onnx"
        sizes.append(sum(path.stat().st_size for path in folder.iterdir()))
        assert {path.name for path in folder.iterdir()} == {
            "attncli.json",
            "encode.onnx",
            "greedy.onnx",
            "step.onnx",
        }
    assert sizes[1] < sizes[0]
    ours, theirs = (translate(tmp_path, "first", one).lines for one in ("torch", "onnx"))
    assert len(theirs) == len(ours)
    assert len(set(theirs) & set(ours)) > len(set(ours)) / 2
    onnx = pytest.importorskip("onnx")
    written = onnx.load(folder / "step.onnx").graph
    (last,) = [node for node in written.node if "log_probs" in node.output]
    (adds,) = [node for node in written.node if last.input[0] in node.output]
    assert adds.op_type == "Add"  # biases have a scale of their own: they are not rounded
    where = ("--run", "first", "--runs", tmp_path, "--engine", "onnx", "--beam", 1)
    by_itself = [
        attncli("translate", *where, stdin=f"{one}\n".encode()) for one in LINES.split("\n")
    ]
    assert [done.code for done in by_itself] == [0] * len(by_itself)
    assert len({done.out for done in by_itself} & {f"{line}\n" for line in ours}) > 1


@pytest.mark.parametrize("shape", ["transformer", "narrow-keys"])
def test_int8_takes_products_that_each_head_has(exported, tmp_path, shape):
    """ONNX Runtime cannot scale these; they are of a sentence by itself."""
    shutil.copytree(exported / shape, tmp_path / shape)
    more = ["--to", "onnx", "--quantization", "int8"]
    done = attncli("export", shape, "--runs", tmp_path, *more)
    assert done.code == 0, done.err
    where = ("--run", shape, "--runs", tmp_path, "--engine", "onnx", "--beam", 1)
    done = attncli("translate", *where, *LIMIT, stdin=b"drei rot Haus steht\n")
    assert done.code == 0, done.err
    assert done.lines[0]


@pytest.mark.parametrize(
    ("shape", "late"), [("transformer", True), ("additive-heads", False), ("general", False)]
)
def test_only_what_attends_by_one_operator_is_of_a_late_version(exported, shape, late):
    onnx = pytest.importorskip("onnx")
    for name in ("encode", "step", "greedy"):
        graph = onnx.load(exported / shape / "onnx" / f"{name}.onnx")
        version = max(one.version for one in graph.opset_import if not one.domain)
        assert (version >= OPSET) == late, name


def test_what_a_step_writes_into_has_no_mask_that_nothing_reads(exported):
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(exported / "transformer" / "onnx" / "step.onnx").graph
    written = {one.name.removeprefix("after.") for one in graph.output}
    assert not any(name.endswith(".mask") for name in written)
    names = {one.name for one in graph.input}
    assert names >= written - {"log_probs"}
    assert "memory0.keys" in written
    assert "memory0.mask" not in names


def test_a_layer_of_the_encoder_attends_by_one_operator(exported):
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(exported / "transformer" / "onnx" / "encode.onnx").graph
    layers = load(Run(exported / "transformer")).recipe.value("model.layers")
    kinds = [node.op_type for node in graph.node]
    assert (kinds.count("Attention"), kinds.count("Softmax")) == (layers, 0)


@pytest.mark.parametrize("shape", ["general", "transformer"])
def test_no_pass_over_the_words_adds_their_biases(exported, shape):
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(exported / shape / "onnx" / "step.onnx").graph
    makers = {name: node for node in graph.node for name in node.output}
    (logits,) = makers["log_probs"].input
    assert makers[logits].op_type == "MatMul"


def test_the_axes_that_change_are_open(exported):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported / "general" / "onnx" / "step.onnx"))
    shapes = {one.name: one.shape for one in session.get_inputs()}
    batch, queries = shapes["token"]
    assert isinstance(batch, str)
    assert isinstance(queries, str)
    width = load(Run(exported / "general")).recipe.value("model.hidden")
    assert shapes["state.feed"] == [batch, queries, width]
