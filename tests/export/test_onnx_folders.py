"""Which exports are used, which are written over, and which are left alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from attncli.export.form import ORIGIN
from attncli.run import Run
from attncli.text.piece_model import EOS
from tests.export import onnx_runs
from tests.export.onnx_runs import sharpen, translate
from tests.running import attncli

pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
pytest.importorskip("onnxscript", reason="the extra `export` is not installed")


@pytest.fixture(scope="module")
def exported(corpus, tmp_path_factory):
    """A folder of runs, each with its export inside."""
    runs = tmp_path_factory.mktemp("exported")
    for shape in ["general", "transformer"]:
        onnx_runs.exported(corpus, runs, shape)
    return runs


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


@pytest.mark.parametrize("name", ["step.onnx", ORIGIN])
def test_a_damaged_file_is_said(exported, tmp_path, name):
    shutil.copytree(exported / "general", tmp_path / "general")
    path = tmp_path / "general" / "onnx" / name
    path.write_bytes(path.read_bytes()[:100])
    done = translate(tmp_path, "general", "onnx")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert f"{name}: damaged (" in done.err
    assert "export again" in done.err


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder where none can be made")
def test_a_folder_that_cannot_be_made_is_named_as_it_was_given(exported):
    done = attncli("export", "general", "--runs", exported, "--to", "onnx", "--out", "/proc/out")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "attncli: /proc/out: No such file or directory"


def test_a_file_that_is_gone_is_said(exported, tmp_path):
    shutil.copytree(exported / "general", tmp_path / "general")
    (tmp_path / "general" / "onnx" / "step.onnx").unlink()
    done = translate(tmp_path, "general", "onnx")
    assert done.code == 2
    assert "not all of it" in done.err


def test_an_export_of_before_there_was_a_graph_for_sentences_is_said(exported, tmp_path):
    shutil.copytree(exported / "general", tmp_path / "general")
    folder = tmp_path / "general" / "onnx"
    (folder / "greedy.onnx").unlink()
    origin = json.loads((folder / ORIGIN).read_text())
    origin["files"].remove("greedy.onnx")
    (folder / ORIGIN).write_text(json.dumps(origin))
    done = translate(tmp_path, "general", "onnx")
    assert done.code == 2
    assert "not all of it" in done.err


@pytest.mark.parametrize("version", [1, None])
def test_graphs_that_take_and_give_other_things_are_said(exported, tmp_path, version):
    """The first ones had no version."""
    shutil.copytree(exported / "transformer", tmp_path / "transformer")
    path = tmp_path / "transformer" / "onnx" / ORIGIN
    origin = json.loads(path.read_text())
    del origin["version"]
    path.write_text(json.dumps(origin | ({"version": version} if version else {})))
    done = translate(tmp_path, "transformer", "onnx")
    assert done.code == 2
    assert "another version of attncli (export again: attncli export" in done.err


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
