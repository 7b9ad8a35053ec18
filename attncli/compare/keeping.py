"""Runs without their weights: small enough to commit, enough to make a table and its page again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from attncli.compare.evaluation import FOLDER
from attncli.compare.records import digest_of
from attncli.run import Run
from attncli.train import emergence

FOLDERS = (FOLDER, emergence.FOLDER)
UNDER_WAY = ".part"


def keep(run: Run, kept: Path) -> Run:
    """Copies a run's recipe, metrics, figures and translations, and what it looked at.

    The copy knows the digest of the weights that it was measured with. It takes the place of an
    older copy of the same run as a whole, when it is complete.
    """
    copy = copy_of(run, kept)
    if copy.path == run.path:
        return run
    new = Run(kept / UNDER_WAY / copy.path.name)
    shutil.rmtree(new.path, ignore_errors=True)
    new.path.mkdir(parents=True)
    new.begin(run.facts() | {"weights": run.digest()})
    new.write_recipe(run.recipe())
    for folder in FOLDERS:
        if (run.path / folder).is_dir():
            shutil.copytree(run.path / folder, new.path / folder)
    shutil.copy(run.metrics_file, new.metrics_file)
    why = run.finished()
    if why is not None:
        new.finish(why)
    if copy.path.exists():
        shutil.rmtree(copy.path)
    os.replace(new.path, copy.path)
    return copy


def is_kept(run: Run, kept: Path) -> bool:
    """Whether `kept` has the run as it is now, with all that was measured of it."""
    copy = copy_of(run, kept)
    if not copy.path.is_dir():
        return False
    same = (copy.digest(), copy.finished()) == (run.digest(), run.finished())
    return same and all(_names(run, folder) <= _names(copy, folder) for folder in FOLDERS)


def copy_of(run: Run, kept: Path) -> Run:
    """Where a run is kept: by its name and when it was begun, since names come again."""
    if run.path.resolve().parent == kept.resolve():
        return run
    begun = digest_of({"created": run.facts().get("created")})
    return Run(kept / f"{run.path.name}-{begun[:8]}")


def _names(run: Run, folder: str) -> set[str]:
    return {path.name for path in (run.path / folder).glob("*")}
