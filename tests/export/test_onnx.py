"""The exported graphs: ONNX Runtime writes what attncli writes, or the model is refused."""

from __future__ import annotations

import shutil
from unittest import mock

import numpy as np
import pytest
import torch

from attncli.experiment import load, source_of
from attncli.run import Run
from attncli.search import Search
from attncli.text.piece_model import BOS, EOS
from tests.running import attncli, sets, train

pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
pytest.importorskip("onnxscript", reason="the extra `export` is not installed")

LINES = "ein zwei\ndrei rot Haus steht\n\nblau blau Hund\nläuft vier ein steht Haus rot\nein\n"
LIMIT = sets("search.max_ratio=2", "search.max_extra=4")  # another for each length
TINY = ["train.epochs=1", "train.steps=1", "train.monitor=loss"]
TRANSFORMER = ["model.dim=32", "model.feed_forward=48", "model.layers=1", "subword.vocab_size=120"]
SHAPES = {
    "general": ["luong-general", "model.layers=2"],
    "bahdanau": ["bahdanau"],
    "local": ["local-p", "model.cell=gru", "model.encoder=reversed", "model.bridge=mean"],
    "coverage": ["coverage", "model.reads=before", "model.attention.score.normalize=sparsemax"],
    "transformer": ["transformer"],
}


def sharpen(run):
    """Large random weights: a model without training that is sure of its words, and ends some."""
    random = torch.Generator().manual_seed(3)
    tensors, facts = run.load_state(run.served())
    for name, part in tensors.items():
        if name.startswith("model.") and part.is_floating_point():
            tensors[name] = part + 0.4 * torch.randn(part.shape, generator=random)
    tensors["model.output.bias"][EOS] += 2
    run.save_state(run.served(), tensors, facts)


def begun(corpus, runs, shape):
    """A run that has hardly been trained."""
    attention, *settings = SHAPES[shape]
    if attention == "transformer":
        where = ["--data", corpus, "--runs", runs, "--run-name", shape, "--threads", 1]
        done = attncli("train", *where, "--attention", attention, *sets(*TRANSFORMER, *TINY))
        assert done.code == 0, done.err
    else:
        train(corpus, runs, shape, "--attention", attention, *sets(*TINY, *settings))
    sharpen(Run(runs / shape))


@pytest.fixture(scope="module")
def exported(corpus, tmp_path_factory):
    """A folder of runs, one for each shape, each with its export inside."""
    runs = tmp_path_factory.mktemp("exported")
    for shape in SHAPES:
        begun(corpus, runs, shape)
        done = attncli("export", shape, "--to", "onnx", "--runs", runs)
        assert done.code == 0, done.err
        assert done.out == ""
        assert len(done.err.splitlines()) == 2, done.err
    return runs


def translate(runs, run, engine, *more):
    where = ["--run", run, "--runs", runs, "--threads", 1, "--engine", engine]
    return attncli("translate", *where, *LIMIT, *more, stdin=LINES.encode())


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
        given[name] = np.zeros([1, *blank[1:]], bool if "mask" in name else np.float32)
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
            "step.onnx",
        }
    assert sizes[1] < sizes[0]
    ours, theirs = (translate(tmp_path, "first", one).lines for one in ("torch", "onnx"))
    assert len(theirs) == len(ours)
    assert len(set(theirs) & set(ours)) > len(set(ours)) / 2


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("model.cell.layer_norm=true", "a layer norm"),
        ("model.output=copy", "words that only the source has"),
        ("model.attention=monotonic", "cannot express this model"),
    ],
)
def test_what_the_graphs_cannot_express_is_refused(corpus, tmp_path, setting, why):
    train(corpus, tmp_path, "other", *sets(*TINY, "subword.joint=true", setting))
    done = attncli("export", "other", "--runs", tmp_path, "--to", "onnx")
    assert done.code == 2
    assert why in done.err.splitlines()[-1]
    assert "--engine torch" in done.err.splitlines()[-1]
    assert not list((tmp_path / "other").glob("onnx*"))


def test_a_graph_that_computes_something_else_is_refused(runs, tmp_path):
    from attncli.export.onnx import cells

    def other(part, gates):
        return part.flip(0)

    with mock.patch.object(cells, "ordered", other):
        done = attncli("export", "first", "--runs", runs, "--to", "onnx", "--out", tmp_path / "o")
    assert done.code == 2
    assert "cannot compute this model" in done.err.splitlines()[-1]
    assert not (tmp_path / "o").exists()


def test_an_export_of_other_weights_is_not_used(exported, tmp_path):
    shutil.copytree(exported / "general", tmp_path / "general")
    sharpen(Run(tmp_path / "general"))
    done = translate(tmp_path, "general", "onnx")
    assert done.code == 2
    assert "export again: attncli export" in done.err
    assert "--to onnx --checkpoint best" in done.err


def test_another_checkpoint_is_exported_by_the_command_that_is_said(runs, tmp_path):
    shutil.copytree(runs / "first", tmp_path / "first")
    run = Run(tmp_path / "first")
    tensors, facts = run.load_state("last")
    tensors["model.output.bias"][EOS] += 1
    run.save_state("last", tensors, facts)
    assert attncli("export", "first", "--runs", tmp_path, "--to", "onnx").code == 0
    asked = ["--checkpoint", "last"]
    done = translate(tmp_path, "first", "onnx", *asked)
    assert done.code == 2
    command = done.err.split("(export again: attncli ")[1].strip().removesuffix(")").split()
    assert attncli(*command).code == 0
    assert translate(tmp_path, "first", "onnx", *asked).code == 0


def test_a_file_that_is_gone_is_said(exported, tmp_path):
    shutil.copytree(exported / "general", tmp_path / "general")
    (tmp_path / "general" / "onnx" / "step.onnx").unlink()
    done = translate(tmp_path, "general", "onnx")
    assert done.code == 2
    assert "not all of it" in done.err


def test_a_folder_of_another_form_or_with_other_files_is_left_alone(exported, tmp_path):
    shutil.copytree(exported / "transformer" / "onnx", tmp_path / "kept")
    again = ["export", "transformer", "--runs", exported, "--out", tmp_path / "kept"]
    done = attncli(*again, "--to", "ctranslate2")
    assert done.code == 2
    assert "something else" in done.err
    (tmp_path / "kept" / "notes").write_text("mine")
    done = attncli(*again, "--to", "onnx")
    assert done.code == 2
    assert (tmp_path / "kept" / "notes").read_text() == "mine"


def test_an_empty_folder_is_filled_and_weights_that_are_no_numbers_are_refused(runs, tmp_path):
    shutil.copytree(runs / "first", tmp_path / "first")
    (tmp_path / "out").mkdir()
    where = ["--runs", tmp_path, "--to", "onnx", "--out", tmp_path / "out"]
    assert attncli("export", "first", *where).code == 0
    run = Run(tmp_path / "first")
    tensors, facts = run.load_state(run.served())
    tensors["model.output.bias"][EOS] = float("nan")
    run.save_state(run.served(), tensors, facts)
    done = attncli("export", "first", *where)
    assert done.code == 1
    assert "training has diverged" in done.err


def test_what_the_graphs_have_not_is_refused(exported):
    looks = (["--replace-unknown"], sets("search.coverage_penalty=0.2"), ["--alignments"])
    for more in (*looks, ["--device", "cuda"]):
        done = translate(exported, "general", "onnx", *more)
        assert done.code == 2
        assert "--engine torch" in done.err


def test_a_quantization_that_is_not_there_is_refused(runs):
    done = attncli("export", "first", "--runs", runs, "--to", "onnx", "--quantization", "int16")
    assert done.code == 2
    assert "onnx has float32, int8" in done.err


@pytest.mark.parametrize("package", ["onnxruntime", "onnxscript"])
def test_without_the_extra_one_line_says_how_to_get_it(runs, package):
    with mock.patch.dict("sys.modules", {package: None}):
        done = attncli("export", "first", "--runs", runs, "--to", "onnx")
    assert done.code == 2
    assert "pip install 'attncli[export]'" in done.err


def test_the_axes_that_change_are_open(exported):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exported / "general" / "onnx" / "step.onnx"))
    shapes = {one.name: one.shape for one in session.get_inputs()}
    batch, queries = shapes["token"]
    assert isinstance(batch, str)
    assert isinstance(queries, str)
    width = load(Run(exported / "general")).recipe.value("model.hidden")
    assert shapes["state.feed"] == [batch, queries, width]
