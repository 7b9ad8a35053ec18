"""Recipes: layers merge as a person expects; all that is wrong is told at once, with its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml

from attncli import registry
from attncli.errors import RecipeError, UsageError
from attncli.recipe import Recipe, library
from attncli.recipe import recipe as recipes
from attncli.recipe.file import scalar
from attncli.registry import Choice, Count, Positive, Probability

AttentionChoice = Annotated[Choice, "attention"]


class Data:
    def __init__(
        self,
        *,
        name: str = "embedded",
        src: str = "en",
        test: list[str] | None = None,
        max_length: Positive | None = 100,
    ) -> None:
        self.src, self.test = src, test


class Train:
    def __init__(
        self,
        *known: object,
        lr: float = 1e-3,
        steps: Positive = 100,
        amp: bool = False,
        smoothing: Probability = 0.1,
        stop: Literal["on", "off"] = "on",
        warm: Annotated[Choice | None, "attention"] = None,
    ) -> None:
        self.lr = lr


class Dot:
    name = "dot"

    def __init__(self, *, scale: bool = False) -> None: ...


class General:
    name = "general"

    def __init__(self, *, bias: bool = False) -> None: ...


class LocalP:
    name = "local-p"
    aliases = ("local",)

    def __init__(
        self,
        *,
        window: Positive = 10,
        score: AttentionChoice = Choice("attention", "general", {"bias": True}),
    ) -> None: ...


class Recurrent:
    name = "recurrent"

    def __init__(
        self,
        vocab: int,
        *,
        attention: AttentionChoice = Choice("attention", "general"),
        cell: str = "lstm",
        layers: Positive = 1,
    ) -> None:
        self.vocab, self.attention, self.layers = vocab, attention, layers


class Deep:
    name = "deep"

    def __init__(self, vocab: int, *, heads: Count = 4) -> None: ...


FAMILIES: dict[str, dict[str, type]] = {
    "attention": {
        "dot": Dot,
        "general": General,
        "local-p": LocalP,
        "local": LocalP,
    },
    "model": {"recurrent": Recurrent, "deep": Deep},
}


@pytest.fixture(autouse=True)
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
        "data": f"{__name__}:Data",
        "model": Choice("model", "recurrent"),
        "train": f"{__name__}:Train",
    }
    monkeypatch.setattr(recipes, "SECTIONS", sections)
    return here


def problems(*sets: str, path: Path | None = None, **flags: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        Recipe.read(path, sets=sets, **flags)
    return caught.value.problems


def written(text: str, name: str = "x.yaml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


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
