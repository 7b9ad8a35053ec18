"""Recipes: layers merge as a person expects; all that is wrong is told at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.errors import RecipeError
from attncli.recipe import Recipe
from attncli.recipe.file import scalar
from tests.recipe.reading import problems, written

pytestmark = pytest.mark.usefixtures("workplace")


def test_defaults_are_the_constructors() -> None:
    found = Recipe.read()
    assert found.plain() == {
        "name": "base",
        "seed": 1,
        "data": {"name": "embedded", "src": "en", "test": None, "max_length": 100},
        "model": {
            "name": "recurrent",
            "attention": {"name": "general", "bias": False},
            "cell": "lstm",
            "layers": 1,
        },
        "train": {
            "lr": 1e-3,
            "steps": 100,
            "amp": False,
            "smoothing": 0.1,
            "stop": "on",
            "warm": None,
        },
    }


def test_layers_merge_in_order() -> None:
    written("extends: base\nseed: 5\ntrain: {lr: 0.1, steps: 7}\n", "recipes/low.yaml")
    path = written("extends: low\ntrain: {lr: 0.2}\n", "recipes/deep/top.yaml")
    found = Recipe.read(path, sets=["train.steps=8", "train.steps=9"])
    assert (found.seed, found.value("train.lr"), found.value("train.steps")) == (5, 0.2, 9)
    assert found.name == "top"
    assert Recipe.read("deep/top").value("train.lr") == 0.2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("4e3", 4000.0),
        ("1_000", 1000),
        ("010", 10),
        (".5", 0.5),
        ("-3", -3),
        ("1:30", "1:30"),
        ("2015-01-02", "2015-01-02"),
        ("1.2.3", "1.2.3"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("", None),
        ("1e999", "1e999"),
        ("nan", "nan"),
    ],
)
def test_scalars_mean_what_a_person_means(text: str, value: object) -> None:
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("train.lr=1e-4", 1e-4),
        ("train.lr=1", 1.0),
        ("train.steps=4e3", 4000),
        ("train.steps=1_000", 1000),
        ("train.amp=on", True),
        ("train.amp=no", False),
        ("train.stop=off", "off"),
        ("data.src=no", "no"),
        ("data.src=007", "007"),
        ("data.src=true", "true"),
        ("data.max_length=null", None),
        ("data.test=[a, 2016]", ["a", "2016"]),
        ("data.src=a=b", "a=b"),
        ("data.src=|", "|"),
        ("data.src=>", ">"),
        ("data.src=a # b", "a # b"),
        ("data.src=' # '", " # "),
    ],
)
def test_a_value_fits_its_option(setting: str, value: object) -> None:
    found = Recipe.read(sets=[setting]).value(setting.partition("=")[0])
    assert found == value
    assert type(found) is type(value)


def test_norwegian_stays_norwegian_in_a_file() -> None:
    path = written("data:\n  src: no\n")
    assert Recipe.read(path).value("data.src") == "no"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train:\n  lrr: 3\n", "x.yaml:2: train.lrr: no such setting; did you mean 'lr'?"),
        ("trian: {lr: 3}\n", "x.yaml:1: trian: no such section; did you mean 'train'?"),
        ("\nlr: 3\n", "x.yaml:2: lr: no such section; did you mean 'train.lr'?"),
        ("xyz: 3\n", "x.yaml:1: xyz: no such section (there is data, model, train, "),
        ("train:\n  qq: 3\n", "x.yaml:2: train.qq: no such setting (there is "),
        ("train: 3\n", "x.yaml:1: train: expected settings of its own, such as a line below it"),
        ("train: {lr: high}\n", "x.yaml:1: train.lr: expected a number, not 'high'"),
        ("train: {steps: 0}\n", "x.yaml:1: train.steps: 0 is out of range: at least 1"),
        ("train: {steps: 1.5}\n", "x.yaml:1: train.steps: expected a whole number (at least 1)"),
        ("train: {steps: '5'}\n", "x.yaml:1: train.steps: expected a whole number (at least 1)"),
        ("train: {lr: {a: 1}}\n", "x.yaml:1: train.lr: expected a number, not settings"),
        ("train:\n  lr: 1\n  lr: 2\n", "x.yaml:3: 'lr' is given twice, first at x.yaml:2"),
        ("seed: -1\n", "x.yaml:1: seed: -1 is out of range"),
        ("model: {attention: {name: dot, bias: on}}\n", "model.attention.bias: dot has no 'bias'"),
        ("model:\n  attention: dott\n", "x.yaml:2: model.attention: unknown attention 'dott'; did"),
        ("model: {attention: clasic}\n", "did you mean 'classic'?"),
        ("model: {attention: [dot]}\n", "x.yaml:1: model.attention: expected one of the attention"),
        ("model: {attention: null}\n", "x.yaml:1: model.attention: expected one of the attention"),
        (
            "model: recurent\n",
            "x.yaml:1: model: unknown model 'recurent'; did you mean 'recurrent'",
        ),
        ("train: {warm: {scale: on}}\n", "train.warm.scale: train.warm has no name yet"),
        ("a: [\n", "x.yaml:2: not YAML: "),
        ("- a\n", "x.yaml:1: expected sections such as `model:`"),
        ("train: &t {lr: 1}\ndata: *t\n", "x.yaml:2: not YAML: aliases are not read here"),
        ("data: {src: !!python/name:os.system x}\n", "x.yaml:1: the tag tag:yaml.org,2002:python"),
        ("? [a]\n: b\n", "x.yaml:1: a setting's name must be one word"),
        ("extends: bose\n", "x.yaml:1: extends: no recipe 'bose'; did you mean 'base'?"),
        ("extends: x\n", "x.yaml:1: extends: goes in a circle: x.yaml → x.yaml"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, expected: str) -> None:
    (problem,) = problems(path=written(text))
    assert expected in problem


def test_all_problems_come_at_once() -> None:
    path = written("train:\n  lrr: 3\n  steps: many\nobjectiv: 3\n")
    found = problems("train.amp=maybe", "train.lr", path=path, score="dot")
    assert [line.partition(": ")[0] for line in found] == [
        "--set train.lr",
        "x.yaml:4",
        "--score dot",
        "x.yaml:2",
        "x.yaml:3",
        "--set train.amp=maybe",
    ]
    assert "expected section.setting=value" in found[0]
    assert "has no 'score'" in found[2]


def test_a_file_that_is_not_there_suggests_those_that_are() -> None:
    written("seed: 1\n", "recipes/multi/bahdanau.yaml")
    with pytest.raises(RecipeError, match="did you mean 'multi/bahdanau'"):
        Recipe.read("multi/bahdanua.yaml")
    with pytest.raises(RecipeError, match=r"there is base, multi/$"):
        Recipe.read("zzz")
    Path("latin.yaml").write_bytes("name: é\n".encode("latin-1"))
    with pytest.raises(RecipeError, match=r"^latin.yaml: cannot be read"):
        Recipe.read("latin.yaml")
