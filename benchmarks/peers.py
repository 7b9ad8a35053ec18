"""The peers' own environments: one venv each, made once, every version pinned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What pip is asked for; constraints/NAME.txt pins it and all that it needs.
PACKAGES = {
    "attncli": (),
    "attncli-bf16": (),
    "attncli-onnx": (),
    "attncli-onnx-int8": (),
    "joeynmt": ("joeynmt", "importlib_metadata", "sentencepiece", "torch"),
    "eole": ("eole", "aiohttp", "torch"),
    "eole-bf16": ("eole", "aiohttp", "torch"),
    "ctranslate2": ("ctranslate2",),
    "ctranslate2-apart": ("ctranslate2",),
    "ctranslate2-int8": ("ctranslate2",),
}
SYSTEMS = tuple(PACKAGES)
OURS = "attncli"
HELP = {
    "attncli": ("-m", "attncli", "--help"),
    "joeynmt": ("-m", "joeynmt", "--help"),
    "eole": ("-m", "eole.bin.main", "--help"),
}


def package(system: str) -> str:
    """The name of the package that a system is a setting of."""
    return system.partition("-")[0]


def python_of(system: str, folder: Path) -> Path:
    """The interpreter of a system: this one for attncli, its own venv's for a peer."""
    if package(system) == OURS:
        return Path(sys.executable)
    return folder / package(system) / "bin" / "python"


def install(system: str, folder: Path) -> None:
    """Makes the venv of a peer, unless it is there.

    Raises:
        CalledProcessError: pip found no such versions.
    """
    venv, pins = (
        folder / package(system),
        ROOT / "benchmarks/constraints" / f"{package(system)}.txt",
    )
    if package(system) == OURS or python_of(system, folder).exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(python_of(system, folder)), "-m", "pip", "install", "--quiet"]
    try:
        subprocess.run([*pip, "--constraint", str(pins), *PACKAGES[system]], check=True)
    except subprocess.CalledProcessError:
        python_of(system, folder).unlink()
        raise
