"""Components within recipes: shorthands, defaults and presets, and what each layer replaces."""

from __future__ import annotations

import pytest

from attncli.errors import RecipeError, UsageError
from attncli.recipe import Recipe, library
from tests.recipe.reading import problems, written

pytestmark = pytest.mark.usefixtures("workplace")


def attention(*sets: str, text: str = "", **flags: str) -> object:
    return Recipe.read(written(text), sets=sets, **flags).choice("model").plain()["attention"]


def test_options_merge_over_a_shorthand() -> None:
    found = attention("model.attention.window=4", text="model: {attention: local}")
    assert found == {"name": "local-p", "window": 4, "score": {"name": "general", "bias": True}}


def test_the_same_name_keeps_options_and_an_alias_is_the_same_name() -> None:
    text = "model: {attention: {name: local-p, window: 4}}"
    found = attention("model.attention=local", text=text)
    assert isinstance(found, dict)
    assert found["window"] == 4


def test_another_name_drops_options() -> None:
    text = "model: {attention: {name: dot, scale: true}}"
    assert attention("model.attention=general", text=text) == {"name": "general", "bias": False}
    assert attention("model.attention=dot", text=text) == {"name": "dot", "scale": True}
    back = ("model.attention=general", "model.attention=dot")
    assert attention(*back, text=text) == {"name": "dot", "scale": False}


def test_dropped_options_must_be_right_all_the_same() -> None:
    path = written("model: {attention: {name: dot, scail: true}}")
    (problem,) = problems("model.attention=general", path=path)
    assert problem == "x.yaml:1: model.attention.scail: dot has no 'scail'; did you mean 'scale'?"


def test_a_name_is_not_needed_where_a_lower_layer_has_it() -> None:
    assert attention("model.attention.bias=on") == {"name": "general", "bias": True}
    found = attention("model.attention.score.bias=off", attention="local-p")
    assert isinstance(found, dict)
    assert found["score"] == {"name": "general", "bias": False}


def test_a_default_component_loses_its_options_to_another_one() -> None:
    found = attention(attention="local-p", score="dot")
    assert found == {"name": "local-p", "window": 10, "score": {"name": "dot", "scale": False}}


def test_another_model_drops_the_first_ones_options() -> None:
    path = written("model: {layers: 3, attention: dot}")
    assert Recipe.read(path, sets=["model=deep"]).choice("model").plain() == {
        "name": "deep",
        "heads": 4,
    }


def test_a_component_may_be_null_where_its_class_says_so() -> None:
    text = "train: {warm: {name: dot, scale: on}}"
    assert Recipe.read(written(text)).choice("train.warm").options == {"scale": True}
    found = Recipe.read(written(text), sets=["train.warm=null"])
    assert found.value("train.warm") is None
    with pytest.raises(UsageError, match=r"train\.warm: no component"):
        found.choice("train.warm")


def test_a_preset_lies_beneath_the_layer_that_names_it() -> None:
    text = "model: {attention: classic, cell: lstm, layers: 2}"
    found = Recipe.read(written(text)).choice("model").plain()
    assert found["attention"] == {"name": "dot", "scale": True}
    assert (found["cell"], found["layers"]) == ("lstm", 2)
    over = Recipe.read(written("model: {cell: rnn}"), attention="classic")
    assert over.value("model.cell") == "gru"
    sets = ["model.cell=rnn", "model.attention.scale=off"]
    last = Recipe.read(attention="classic", sets=sets)
    assert (last.value("model.cell"), last.value("model.attention.scale")) == ("rnn", False)
    inside = Recipe.read(written("model: {attention: {name: classic, scale: off}}"))
    assert inside.value("model.attention.scale") is False


def test_a_preset_may_replace_the_model() -> None:
    path = written("model: {attention: dot, layers: 2}")
    found = Recipe.read(path, attention="bottomless").choice("model")
    assert found.plain() == {"name": "deep", "heads": 2}


def test_presets_are_listed_and_described() -> None:
    assert library.preset_names() == ["bottomless", "classic"]
    found = library.preset("classic")
    assert (found.summary, found.paper, found.equation) == ("as it was", "A (1999), eq. 3", "a = b")
    written("sett: {}\n", "recipes/presets/odd.yaml")
    with pytest.raises(RecipeError, match="a preset has only summary") as caught:
        library.preset("odd")
    assert len(caught.value.problems) == 2
    with pytest.raises(RecipeError, match="did you mean 'classic'"):
        library.preset("classik")
