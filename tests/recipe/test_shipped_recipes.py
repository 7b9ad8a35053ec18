"""Every recipe that is shipped can be trained: all of its settings exist and go together."""

from __future__ import annotations

import pytest

from attncli.experiment import check
from attncli.recipe import Recipe, packaged, recipe_names

SHIPPED = [name for name in recipe_names() if (packaged("recipes") / f"{name}.yaml").is_file()]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_is_sound(name):
    recipe = Recipe.read(packaged("recipes") / f"{name}.yaml")
    check(recipe)


def test_there_is_one_for_each_attention_and_for_multi30k():
    assert len([name for name in SHIPPED if name.startswith("attention/")]) == 12
    assert {"multi30k/transformer", "multi30k/additive-between", "multi30k/bahdanau"} <= set(
        SHIPPED
    )
