"""What several tests of recipes do."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.errors import RecipeError
from attncli.recipe import Recipe


def problems(*sets: str, path: Path | None = None, **flags: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        Recipe.read(path, sets=sets, **flags)
    return caught.value.problems


def written(text: str, name: str = "x.yaml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
