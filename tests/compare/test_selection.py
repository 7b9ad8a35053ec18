"""What the words of the command line stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncli.compare.selection import select
from attncli.errors import RecipeError, UsageError
from attncli.recipe import Recipe


def names(*words, root="nowhere"):
    return [one.name for one in select(words, Recipe.read, Path(root), print)]


def test_recipes_stands_for_one_of_each_attention(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {"additive", "none", "transformer"} <= set(names("recipes"))
    own = tmp_path / "recipes" / "attention"
    own.mkdir(parents=True)
    for name in ("mine", "yours"):
        (own / f"{name}.yaml").write_text("extends: base\nmodel:\n  hidden: 32\n")
    (own / "yours.yaml").write_text("extends: base\n")
    assert names("recipes") == ["mine", "yours"]


def test_a_folder_stands_for_the_recipes_directly_in_it_but_for_bases():
    found = names("multi30k")
    assert "transformer" in found
    assert not {"base", "rnn-base"} & set(found)
    assert names("recipes/multi30k") == found


def test_the_same_twice_is_one_row_and_equal_names_are_told_apart():
    assert names("attention/dot", "attention/dot", "multi30k/none", "attention/none") == [
        "dot",
        "none",
        "none-2",
    ]


def test_a_name_with_a_number_is_not_given_twice(tmp_path):
    for place, name in (("a", "x"), ("b", "x"), ("c", "x-2")):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{name}.yaml").write_text(
            f"extends: base\nmodel: {{hidden: {ord(place)}}}\n"
        )
    given = [str(path) for path in sorted(tmp_path.glob("*/*.yaml"))]
    assert names(*given) == ["x", "x-3", "x-2"]


def test_one_is_nothing_to_compare():
    with pytest.raises(UsageError, match="only 1 to compare"):
        names("attention/dot")


def test_a_folder_without_recipes_says_what_is_in_it(tmp_path):
    (tmp_path / "inner").mkdir()
    with pytest.raises(UsageError, match=r"no recipe directly in .*; it holds inner"):
        names(str(tmp_path))


def test_neither_recipe_nor_run_names_the_closest():
    with pytest.raises(RecipeError, match="did you mean 'attention/additive'"):
        names("attention/aditive", "attention/dot")


def test_runs_are_rows_too(runs):
    assert names("first", "blind", root=runs) == ["first", "blind"]
    assert names(str(runs)) == ["blind", "first", "second"]


def test_a_recipe_that_flags_make_equal_to_another_is_said_to_be_left_out():
    said = []

    def read(path):
        return Recipe.read(path, sets=["model.attention=dot"])

    words = ["attention/dot", "attention/additive", "attention/none", "attention/dot"]
    with pytest.raises(UsageError, match="only 1 to compare"):
        select(words, read, Path("nowhere"), said.append)
    assert said == [
        "additive is left out: with these flags it is the same as dot",
        "none is left out: with these flags it is the same as dot",
    ]
