"""The registry: options are constructors, names are classes, mistakes come with suggestions."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import pytest

from attncli import registry, schema
from attncli.errors import AttnError, UsageError
from attncli.registry import Choice, Count, Positive, Probability, Range

PartChoice = Annotated[Choice, "part"]


class Part:
    family = "part"

    def __init__(self, size: int, *, rate: Probability = 0.5) -> None:
        self.size, self.rate = size, rate


class Small(Part):
    """A small part.

        y = x + 1

    It has one note.

    Options:
        rate: share of
            something
    """

    name = "small"
    aliases = ("tiny",)


class Big(Part):
    name = "big"

    def __init__(
        self,
        size: int,
        *,
        part: PartChoice = Choice("part", "small"),
        spare: Annotated[Choice | None, "part"] = None,
        mode: Literal["a", "b"] = "a",
        limit: int | None = None,
        steps: Positive = 1,
        skip: Count = 0,
        temperature: Annotated[float, Range(0.1, None)] = 1.0,
        files: list[str] | None = None,
        fast: bool = False,
    ) -> None:
        super().__init__(size)
        self.part = part.build(size + 1)


class Elsewhere:
    family = "another"
    name = "elsewhere"


@pytest.fixture(autouse=True)
def _family(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("parts")
    for found in (Part, Small, Big, Elsewhere):
        monkeypatch.setattr(found, "__module__", "parts")
        setattr(module, found.__name__, found)
    monkeypatch.setitem(sys.modules, "parts", module)
    monkeypatch.setitem(registry.FAMILIES, "part", "parts")


def test_names_and_aliases() -> None:
    assert registry.names("part") == ["big", "small"]
    assert registry.find("part", "tiny") is registry.find("part", "small") is Small
    with pytest.raises(UsageError, match="unknown part 'smal'; did you mean 'small'"):
        registry.find("part", "smal")
    with pytest.raises(UsageError, match="unknown part 'xyz'; there is big, small"):
        registry.find("part", "xyz")


def test_two_classes_of_one_name_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Minute(Part):
        name = "minute"
        aliases = ("small",)

    monkeypatch.setattr(Minute, "__module__", "parts")
    monkeypatch.setattr(sys.modules["parts"], "Minute", Minute, raising=False)
    registry.classes.cache_clear()
    with pytest.raises(AttnError, match=r"named 'small': parts\.Small and parts\..*Minute"):
        registry.names("part")


def test_a_choice_builds_what_it_holds() -> None:
    big = Choice("part", "big", {"part": Choice("part", "tiny", {"rate": 0.1})})
    built = big.build(3)
    assert (built.size, built.part.size, built.part.rate) == (3, 4, 0.1)
    assert big.plain() == {"name": "big", "part": {"name": "tiny", "rate": 0.1}}


def test_a_docstring_is_read() -> None:
    found = schema.describe(Small)
    assert found.summary == "A small part."
    assert found.equation == "y = x + 1"
    assert found.notes == "It has one note."
    assert found.options == {"rate": "share of something"}
    assert schema.options(Small)["rate"].text == "share of something"


def test_options_are_the_keyword_only_arguments() -> None:
    found = schema.options(Big)
    assert list(found)[:3] == ["part", "spare", "mode"]
    assert found["part"].family == found["spare"].family == "part"
    assert found["files"].expects() == "a list, each a text or null"
    assert found["steps"].expects() == "a whole number (at least 1)"


@pytest.mark.parametrize(
    ("option", "value", "checked"),
    [
        ("mode", "b", "b"),
        ("limit", None, None),
        ("limit", 3, 3),
        ("steps", 1, 1),
        ("temperature", 1, 1.0),
        ("files", ["a"], ["a"]),
        ("fast", True, True),
    ],
)
def test_what_fits_is_taken(option: str, value: object, checked: object) -> None:
    found = schema.options(Big)[option].check(value)
    assert found == checked
    assert type(found) is type(checked)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("mode", "c", "'c' is not one of a, b"),
        ("limit", True, "expected a whole number or null, not True"),
        ("limit", 1.5, "expected a whole number or null, not 1.5"),
        ("steps", 0, "0 is out of range: at least 1"),
        ("skip", -1, "-1 is out of range: at least 0"),
        ("temperature", 0, "0.0 is out of range: at least 0.1"),
        ("files", "a", "expected a list, each a text or null, not 'a'"),
        ("files", [1], "not 1"),
        ("fast", 1, "expected true or false, not 1"),
    ],
)
def test_what_does_not_fit_is_refused(option: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        schema.options(Big)[option].check(value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    text = "class Mine:\n    family = 'part'\n    name = 'mine'\n"
    path.write_text(text)
    assert registry.find("part", str(path)).__name__ == "Mine"
    (tmp_path / "two.py").write_text(text + text.replace("ine", "ore"))
    with pytest.raises(UsageError, match="holds 2 classes"):
        registry.find("part", str(tmp_path / "two.py"))
    with pytest.raises(UsageError, match="no such file"):
        registry.find("part", str(tmp_path / "none.py"))


@pytest.mark.parametrize("text", ["class Mine(:\n", "import nothing_of_that_name\n"])
def test_a_file_that_python_cannot_read_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(UsageError, match=r"bad\.py: cannot be read by Python: "):
        registry.find("part", str(tmp_path / "bad.py"))
