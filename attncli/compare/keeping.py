"""Runs without their weights: small enough to commit, enough to make a table and its page again."""

from __future__ import annotations

import shutil
from pathlib import Path

from attncli.compare.evaluation import FOLDER
from attncli.run import Run
from attncli.train import emergence


def keep(run: Run, kept: Path) -> Run:
    """Copies a run's recipe, metrics, figures and translations, and what it looked at.

    The copy knows the digest of the weights that it was measured with. What was kept before under
    the same name is brought up to date.
    """
    copy = Run(kept / run.path.name)
    copy.path.mkdir(parents=True, exist_ok=True)
    copy.write_recipe(run.recipe())
    for folder in (FOLDER, emergence.FOLDER):
        if (run.path / folder).is_dir():
            shutil.copytree(run.path / folder, copy.path / folder, dirs_exist_ok=True)
    shutil.copy(run.metrics_file, copy.metrics_file)
    copy.begin(run.facts() | {"weights": run.digest()})
    copy.finish(run.finished() or "")
    return copy


def is_kept(run: Run, kept: Path) -> bool:
    """Whether the run, as its weights are now, lies in the folder `kept`."""
    copy = Run(kept / run.path.name)
    return copy.finished() is not None and copy.digest() == run.digest()
