"""attncli: the laboratory for attention in neural machine translation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attncli.api import Model

__version__ = "0.1.0"
__all__ = ["load"]


def load(run: str | Path, *, checkpoint: str = "", device: str = "cpu") -> Model:
    """The trained model of a run directory, to use from Python.

    attncli.load("runs/demo").translate(["the dog sleeps"])
    """
    from attncli.api import Model

    return Model(run, checkpoint=checkpoint, device=device)
