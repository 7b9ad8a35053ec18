"""Run directories: whole or not there, movable, and clear about what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from attncli.errors import RunError, UsageError
from attncli.recipe import Recipe
from attncli.recipe import recipe as recipes
from attncli.run import Run, environment, flatten, unflatten
from attncli.run.files import write_atomically

ROOT = Path(__file__).parents[1]


def test_directories_are_dated_and_unique(tmp_path: Path) -> None:
    first = Run.create(tmp_path / "runs", "luong/général (2)")
    second = Run.create(tmp_path / "runs", "luong/général (2)")
    assert first.path.name[4] == "-"
    assert first.path.name[10:] == "-luong-général-2"
    assert second.path.name == first.path.name + "-2"
    assert Run.create(tmp_path, "...").path.name.endswith("-run")


def test_a_name_of_ones_own_is_taken_once(tmp_path: Path) -> None:
    assert Run.create(tmp_path, "demo", dated=False).path == tmp_path / "demo"
    with pytest.raises(RunError, match=r"demo exists; resume it with --resume .*demo"):
        Run.create(tmp_path, "demo", dated=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be made"):
        Run.create(tmp_path / "file", "demo")


def test_a_name_of_ones_own_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'../z' is a path, not a name \(try 'z'"):
        Run.create(tmp_path / "runs", "../z", dated=False)
    assert not (tmp_path / "z").exists()


def test_the_newest_is_the_one_begun_last_even_after_a_copy(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run in .* yet; `attncli train` makes one"):
        Run.newest(tmp_path)
    names = ["z", "a", "m"]
    for name in names:
        Run.create(tmp_path, name, dated=False).save_state("last", {"a": torch.zeros(1)}, {})
    Run.create(tmp_path, "begun but never trained", dated=False)
    damaged = Run.create(tmp_path, "damaged", dated=False)
    (damaged.path / "environment.json").write_text("{")
    os.utime(tmp_path / "z" / "environment.json")
    assert Run.newest(tmp_path).path.name == "m"
    (tmp_path / "m").rename(tmp_path / "b")
    assert Run.newest(tmp_path).path.name == "b"


def test_opening_by_path_or_name_and_what_is_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = Run.create(Path("runs"), "demo", dated=False)
    assert Run.open("demo") == Run.open(Path("runs/demo")) == made
    with pytest.raises(RunError, match=r"^runs/demi: no such run; did you mean 'demo'\?"):
        Run.open("runs/demi")
    with pytest.raises(RunError, match=r"^xyz: no such run; the newest is runs/demo$"):
        Run.open("xyz")
    with pytest.raises(RunError, match=r"^runs: holds no run"):
        Run.open("runs")
    with pytest.raises(RunError, match=r"^xyz: no such run, nor any other in empty/ yet$"):
        Run.open("xyz", Path("empty"))


def test_a_checkpoint_comes_back_with_its_facts(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "x")
    tied = torch.randn(3, 4)
    tensors = {
        "a": tied,
        "b": tied,
        "t": tied.t(),
        "empty": torch.empty(0),
        "other empty": torch.empty(0),
        "half": torch.randn(2).bfloat16(),
        "bytes": torch.get_rng_state(),
        "whole": torch.tensor(3),
    }
    facts = {"step": 3, "best": float("inf"), "words": ["é"], "seed": 2**70, "none": None}
    run.save_state("last", tensors, facts)
    found, back = run.load_state("last")
    assert back == facts
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(found[name], tensor), name
        assert found[name].dtype == tensor.dtype
    assert run.states() == ["last"]
    run.remove_state("last")
    assert not run.has_state("last")


def test_missing_and_damaged_checkpoints_are_told(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "x")
    with pytest.raises(RunError, match="no checkpoint 'best' yet; it has not been trained so far"):
        run.load_state("best")
    run.save_state("last", {"a": torch.ones(1000)}, {})
    with pytest.raises(UsageError, match=r"no checkpoint 'best' \(there is last\)"):
        run.load_state("best")
    path = run.path / "checkpoints" / "last.safetensors"
    whole = path.read_bytes()
    for cut in (0, 5, 40, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(RunError, match=r"damaged .*--checkpoint names another"):
            run.load_state("last")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fails(temporary: Path) -> None:
        temporary.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fails)
    assert path.read_text() == "old"
    write_atomically(path, lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on a file's size there")
def test_a_disk_that_takes_no_more_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    import resource

    run = Run.create(tmp_path, "x")
    run.save_state("last", {"w": torch.ones(2)}, {})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(RunError, match=r"last\.safetensors: cannot be written: .*too large"):
            run.save_state("last", {"w": torch.ones(10_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert run.load_state("last")[0]["w"].equal(torch.ones(2))
    assert [path.name for path in (run.path / "checkpoints").iterdir()] == ["last.safetensors"]


def test_nothing_is_pickled(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "x")
    run.save_state("last", {"a": torch.ones(2)}, {"step": 1})
    (path,) = (run.path / "checkpoints").iterdir()
    length = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + length])
    assert json.loads(header["__metadata__"]["facts"]) == {"step": 1}


def test_an_optimizer_is_the_same_after_flatten_and_unflatten(tmp_path: Path) -> None:
    layer = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.01)
    layer(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    tensors, facts = flatten(state, "optimizer")
    assert all(name.startswith("optimizer.") for name in tensors)
    run = Run.create(tmp_path, "x")
    run.save_state("last", tensors, {"optimizer": facts})
    loaded, held = run.load_state("last")
    kept = held["optimizer"]
    assert isinstance(kept, dict)
    back = unflatten(loaded, kept)
    assert isinstance(back, dict)
    assert back["param_groups"] == state["param_groups"]
    assert back["state"].keys() == state["state"].keys() == {0, 1}
    for number, entries in state["state"].items():
        for name, tensor in entries.items():
            assert torch.equal(back["state"][number][name], tensor)


def test_flatten_keeps_every_kind_and_refuses_the_rest() -> None:
    state = {"a": (1, [2.5, None]), 3: {"tensor": True, "dict": "x"}, "e": {}, "l": []}
    tensors, facts = flatten(state, "s")
    assert tensors == {}
    assert unflatten(tensors, json.loads(json.dumps(facts))) == state
    with pytest.raises(TypeError, match=r"s\.a\.0: a set cannot be saved"):
        flatten({"a": [set()]}, "s")
    with pytest.raises(TypeError, match="cannot be a key"):
        flatten({1.5: 1}, "s")
    with pytest.raises(TypeError, match=r"two tensors would be named s\.1"):
        flatten({1: torch.ones(1), "1": torch.ones(1)}, "s")


def test_metrics_survive_a_kill_and_a_resume(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "x")
    assert run.metrics() == []
    for step in (1, 2, 3):
        run.append_metrics({"step": step, "loss": 1 / step})
    with run.metrics_file.open("a") as file:
        file.write('{"step": 4, "lo')
    assert [record["step"] for record in run.metrics()] == [1, 2, 3]
    run.rewind_metrics(2)
    run.append_metrics({"step": 3, "loss": 0.0})
    assert run.metrics()[-1] == {"step": 3, "loss": 0.0}
    assert len(run.metrics()) == 3
    run.metrics_file.write_text('{"step": 1}\noops\n{"step": 2}\n')
    with pytest.raises(RunError, match=r"metrics\.jsonl:2: no JSON"):
        run.metrics()


def test_facts_are_noted_and_the_end_is_marked(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "x")
    assert run.facts().items() >= environment().items()
    run.note({"data": {"train": "ab12"}})
    assert run.facts()["data"] == {"train": "ab12"}
    assert run.facts()["torch"] == torch.__version__
    assert run.finished() is None
    run.finish("patience")
    assert run.finished() == "patience"
    run.unfinish()
    assert run.finished() is None


def test_the_recipe_moves_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "SECTIONS", {})
    run = Run.create(tmp_path, "x")
    with pytest.raises(RunError, match=r"no recipe\.yaml; the run was cut off"):
        run.recipe()
    recipe = Recipe("mine", 7, None, {})
    run.write_recipe(recipe)
    moved = Run(run.path.rename(tmp_path / "elsewhere"))
    assert moved.recipe() == recipe


HOLD = """
import sys
from pathlib import Path
from attncli.run import Run
with Run(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no flock on Windows")
def test_two_processes_do_not_train_one_run(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "x")
    command = [sys.executable, "-c", HOLD, str(run.path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="another process is training this run"), run.lock():
            pass
        holder.kill()
    with run.lock():
        pass
