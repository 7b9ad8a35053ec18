"""What a recipe is called, how it is written, and what is built from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from attncli.errors import RecipeError, UsageError
from attncli.recipe import Recipe
from tests.recipe.reading import problems, written
from tests.recipe.toys import LocalP

pytestmark = pytest.mark.usefixtures("workplace")


def test_flags_are_settings_with_their_own_place() -> None:
    flags = {"--seed": ("seed", "3"), "--src": ("data.src", "no")}
    found = Recipe.read(flags=flags, sets=["seed=4"])
    assert (found.seed, found.value("data.src")) == (4, "no")
    with pytest.raises(RecipeError, match=r"^--seed many: seed: expected a whole number"):
        Recipe.read(flags={"--seed": ("seed", "many")})


@pytest.mark.parametrize(
    ("text", "flags", "sets", "name"),
    [
        ("seed: 1", {}, [], "x"),
        ("name: paper", {}, [], "paper"),
        ("name: 2015", {}, [], "2015"),
        ("name: paper", {"attention": "classic"}, [], "paper-classic"),
        ("name: paper", {"attention": "classic"}, ["name=mine"], "mine"),
    ],
)
def test_names(text: str, flags: dict[str, str], sets: list[str], name: str) -> None:
    assert Recipe.read(written(text), sets=sets, **flags).name == name


def test_a_name_is_not_inherited() -> None:
    written("name: parent", "recipes/parent.yaml")
    assert Recipe.read(written("extends: parent")).name == "x"
    assert Recipe.read(attention="local").name == "local"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    sets = ["data.src=no", "train.lr=1e-9", "data.test=['1e3', null, 'on']", "name=1e5"]
    (problem,) = problems(*sets)
    assert "data.test" in problem
    sets[2] = "data.test=['1e3', 'null', 'on']"
    found = Recipe.read(written("paper: {table: 2, bleu: 28.45}"), attention="classic", sets=sets)
    found.dump(tmp_path / "recipe.yaml")
    back = Recipe.load_resolved(tmp_path / "recipe.yaml")
    assert back == found
    assert back.paper == {"table": 2, "bleu": 28.45}
    assert back.digest() == found.digest()
    assert back.changed(found) == []
    text = (tmp_path / "recipe.yaml").read_text()
    assert yaml.safe_load(text)["data"]["src"] == "no"


def test_differences_and_digest() -> None:
    one = Recipe.read(sets=["train.lr=1"])
    other = Recipe.read(attention="dot", sets=["name=base"])
    expected = ["model.attention.name", "model.attention.bias", "train.lr", "model.attention.scale"]
    assert sorted(one.changed(other)) == sorted(expected)
    assert one.digest() != other.digest()
    assert one.digest() == Recipe.read(sets=["train.lr=1.0", "name=z", "paper=p"]).digest()


def test_parts_are_built_from_what_is_known_and_what_is_set() -> None:
    found = Recipe.read(attention="local", sets=["model.layers=3", "train.lr=2"])
    model = found.build("model", 50)
    assert (model.vocab, model.layers, model.attention.name) == (50, 3, "local-p")
    assert isinstance(model.attention.build(), LocalP)
    assert found.build("train", "known").lr == 2.0
    with pytest.raises(UsageError, match=r"train\.lrr: no such setting; did you mean 'train\.lr'"):
        found.value("train.lrr")


MINE = '''"""Mine."""
class Mine:
    """Mine."""
    family = "attention"
    name = "mine"
    def __init__(self, *, size: int = 3) -> None: ...
'''


def test_a_file_of_ones_own_moves_with_the_run(tmp_path: Path) -> None:
    path = written("model: {attention: {name: mine.py, size: 4}}", "far/x.yaml")
    mine = written(MINE, "far/mine.py")
    found = Recipe.read(path)
    run = tmp_path / "run"
    run.mkdir()
    found.dump(run / "recipe.yaml")
    mine.unlink()
    moved = run.rename(tmp_path / "moved")
    back = Recipe.load_resolved(moved / "recipe.yaml")
    assert back.value("model.attention.size") == 4
    assert back.choice("model.attention").build().name == "mine"
    with pytest.raises(RecipeError, match=r"mine\.py: no such file"):
        Recipe.read(attention="mine.py")


def test_reading_recipes_needs_no_torch() -> None:
    code = "import attncli.recipe, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


ROOT = Path(__file__).parents[1]
