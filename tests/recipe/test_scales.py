"""A recipe carries the sizes of two scales; one of them is chosen."""

from __future__ import annotations

import re

import pytest

from attncli.errors import RecipeError
from attncli.recipe import Recipe


def recipe(tmp_path, name, text):
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def below(tmp_path):
    return recipe(
        tmp_path,
        "below",
        "extends: base\nname: below\nmodel:\n  layers: 2\npaper: {figure: 1, table: Table 1}\n"
        "scales:\n  laptop:\n    model: {hidden: 64}\n  paper:\n    model: {hidden: 1000}\n",
    )


def test_the_scale_chooses_the_sizes(below):
    found = [Recipe.read(below, scale=scale) for scale in ("laptop", "paper")]
    assert [one.value("model.hidden") for one in found] == [64, 1000]
    assert [one.value("model.layers") for one in found] == [2, 2]
    assert Recipe.read(below).value("model.hidden") == 64
    assert [one.name for one in found] == ["below", "below"]


def test_a_file_above_goes_over_the_sizes_below(tmp_path, below):
    above = recipe(
        tmp_path,
        "above",
        "extends: below\nmodel:\n  hidden: 32\npaper: {figure: 2}\n"
        "scales:\n  paper:\n    model: {layers: 4}\n",
    )
    large = Recipe.read(above, scale="paper")
    assert (large.value("model.hidden"), large.value("model.layers")) == (32, 4)
    assert Recipe.read(above).value("model.layers") == 2
    assert large.paper == {"figure": 2, "table": "Table 1"}


def test_a_scale_that_does_not_exist_is_refused(tmp_path, below):
    with pytest.raises(RecipeError, match="no scale 'huge'; there is laptop and paper"):
        Recipe.read(below, scale="huge")
    wrong = recipe(tmp_path, "wrong", "extends: base\nscales:\n  huge:\n    seed: 3\n")
    with pytest.raises(RecipeError, match=r"wrong.yaml:3: scales.huge: there is laptop and paper"):
        Recipe.read(wrong)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scales: 5", "wrong.yaml:2: scales: expected settings of its own"),
        ("scales: [laptop]", "wrong.yaml:2: scales: expected settings of its own"),
        ("scales:\n  laptop: 5", "wrong.yaml:3: scales.laptop: expected settings of its own"),
    ],
)
def test_scales_that_are_no_settings_are_refused(tmp_path, below, text, said):
    with pytest.raises(RecipeError, match=re.escape(said)):
        Recipe.read(recipe(tmp_path, "wrong", f"extends: base\n{text}\n"))


def test_what_is_wrong_in_a_scale_is_told_with_its_line(tmp_path):
    wrong = recipe(tmp_path, "wrong", "extends: base\nscales:\n  laptop:\n    train: {epoch: 3}\n")
    with pytest.raises(RecipeError, match=r"wrong.yaml:4: train.epoch: .*'epochs'"):
        Recipe.read(wrong)
