"""Every recipe that is shipped can be trained: all of its settings exist and go together."""

from __future__ import annotations

import pytest
import torch

from attncli import registry
from attncli.experiment import PROBE, build_model, check
from attncli.recipe import Recipe, packaged, recipe_names
from attncli.recipe.library import read_chain

SHIPPED = [name for name in recipe_names() if (packaged("recipes") / f"{name}.yaml").is_file()]


def has_scales(name):
    layers = read_chain(packaged("recipes") / f"{name}.yaml")
    return any("scales" in layer.entries for layer in layers)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_is_sound(name):
    recipe = Recipe.read(packaged("recipes") / f"{name}.yaml")
    check(recipe)


def test_there_is_one_for_each_attention_and_for_multi30k():
    assert len([name for name in SHIPPED if name.startswith("attention/")]) == 12
    assert {"multi30k/transformer", "multi30k/additive-between", "multi30k/bahdanau"} <= set(
        SHIPPED
    )


def test_whatever_an_attention_can_be_is_trained_by_a_recipe():
    chosen = {str(value) for name in SHIPPED for value in Recipe.read(name).flat().values()}
    for family in ("attention", "normalizer", "account", "intra"):
        assert set(registry.names(family)) <= chosen, family


@pytest.mark.parametrize("name", [name for name in SHIPPED if has_scales(name)])
def test_its_sizes_of_the_paper_go_together_too(name):
    path = packaged("recipes") / f"{name}.yaml"
    large = Recipe.read(path, scale="paper")
    assert large.digest() != Recipe.read(path).digest()
    with torch.device("meta"):
        build_model(large, PROBE, PROBE)


def figures(folder):
    """The papers' figures of a folder's rows."""
    read = {name: Recipe.read(name).paper for name in SHIPPED if name.startswith(f"{folder}/")}
    return {
        name.removeprefix(f"{folder}/"): paper["figure"]
        for name, paper in read.items()
        if "figure" in paper
    }


def test_the_papers_tables_are_carried_as_data():
    bahdanau = {"rnnencdec-30": 13.93, "rnnencdec-50": 17.82}
    assert figures("bahdanau2015") == {**bahdanau, "rnnsearch-30": 21.50, "rnnsearch-50": 26.75}
    ladder = {name: one for name, one in figures("luong2015").items() if "/" not in name}
    assert list(ladder.values()) == [11.3, 12.6, 14.0, 16.8, 18.1, 19.0, 20.9]
    assert figures("luong2015/table4")["global-dot"] == 18.6
    assert len(figures("vaswani2017")) == 19
    assert figures("vaswani2017")["c-forward-4096"] == 26.2
    assert len(figures("britz2017")) == 10
    assert figures("britz2017")["mul-1024"] == 18.22
