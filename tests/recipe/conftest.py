"""Where recipes of the tests are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli import registry
from attncli.recipe import recipe as recipes
from attncli.registry import Choice
from tests.recipe.toys import FAMILIES


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, fake parts, and one preset in the packaged recipes."""
    shipped = tmp_path / "shipped"
    (shipped / "presets").mkdir(parents=True)
    (shipped / "base.yaml").write_text("seed: 1\ndata: {name: embedded}\n")
    (shipped / "presets" / "classic.yaml").write_text(
        "summary: as it was\npaper: A (1999), eq. 3\nequation: a = b\n"
        "set:\n  model: {name: recurrent, attention: {name: dot, scale: true}, cell: gru}\n"
    )
    (shipped / "presets" / "bottomless.yaml").write_text("set: {model: {name: deep, heads: 2}}\n")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(registry, "classes", lambda family: FAMILIES[family])
    monkeypatch.setattr("attncli.recipe.library.packaged", lambda kind: shipped)
    sections = {
        "data": "tests.recipe.toys:Data",
        "model": Choice("model", "recurrent"),
        "train": "tests.recipe.toys:Train",
    }
    monkeypatch.setattr(recipes, "SECTIONS", sections)
    return here
