"""What is installed is whole: a wheel in an empty environment and folder trains."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.running import SMALL, sets

ROOT = Path(__file__).parents[1]
TINY = ("train.steps=2", "train.monitor=loss", "subword.vocab_size=300")


def run(*command, cwd, **environment):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The `bin` of a fresh environment with the wheel in it, and the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    for part in ("attncli", "recipes", "data"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    run(sys.executable, *build, tree, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "fresh", with_pip=False)
    python = folder / "fresh" / "bin" / "python"
    purelib = run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder)
    place = Path(purelib.strip())
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"),
        *("--quiet", wheel),
        cwd=folder,
    )
    (place / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    shutil.rmtree(tree)
    return folder / "fresh" / "bin", place


def test_a_wheel_trains_in_an_empty_folder(installed, tmp_path):
    programs, place = installed
    script = "import attncli; print(attncli.__file__)"
    where = run(programs / "python", "-c", script, cwd=tmp_path, PYTHONPATH="")
    assert Path(where.strip()).is_relative_to(place)

    attncli = programs / "attncli"
    listed = run(attncli, "attentions", cwd=tmp_path, PYTHONPATH="")
    assert "luong-local-p" in listed
    assert "train: 20,000 pairs" in run(attncli, "data", cwd=tmp_path, PYTHONPATH="")
    run(
        *(attncli, "train", "--run-name", "two", "--threads", 1, *sets(*SMALL, *TINY)),
        cwd=tmp_path,
        PYTHONPATH="",
    )
    assert (tmp_path / "runs" / "two" / "finished.json").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]
