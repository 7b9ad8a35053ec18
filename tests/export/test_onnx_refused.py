"""What cannot be exported to ONNX, or not translated by it, is refused in one line."""

from __future__ import annotations

from unittest import mock

import pytest

from tests.export import onnx_runs
from tests.export.onnx_runs import TINY, translate
from tests.running import attncli, sets, train

pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
pytest.importorskip("onnxscript", reason="the extra `export` is not installed")


@pytest.fixture(scope="module")
def exported(corpus, tmp_path_factory):
    """A folder with a run that has its export inside."""
    runs = tmp_path_factory.mktemp("exported")
    for shape in ["general"]:
        onnx_runs.exported(corpus, runs, shape)
    return runs


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


def test_an_exporter_that_does_not_fit_torch_is_no_fault_of_the_model(runs, tmp_path):
    with mock.patch.dict("sys.modules", {"onnxscript.onnx_opset": None}):
        done = attncli("export", "first", "--runs", runs, "--to", "onnx", "--out", tmp_path / "o")
    assert done.code == 2
    assert "does not fit this torch" in done.err.splitlines()[-1]
    assert "pip install --upgrade onnx" in done.err.splitlines()[-1]
    assert not (tmp_path / "o").exists()
