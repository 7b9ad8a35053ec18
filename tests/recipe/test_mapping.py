"""Settings whose names are not known beforehand: a weight for every term of the loss."""

from __future__ import annotations

import pytest

from attncli.errors import RecipeError
from attncli.recipe import Recipe


def test_names_add_up_over_the_layers_and_the_last_value_counts(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: base\nobjective:\n  terms: {coverage: 2, log_prob: 0.1}\n")
    recipe = Recipe.read(mine, sets=["objective.terms.coverage=1e-1", "objective.terms.x=3"])
    terms = {"coverage": 0.1, "log_prob": 0.1, "x": 3.0}
    assert recipe.build("objective").weights == terms
    assert recipe.value("objective.terms.x") == 3.0
    recipe.dump(tmp_path / "recipe.yaml")
    assert Recipe.load_resolved(tmp_path / "recipe.yaml") == recipe


def test_none_is_none():
    assert Recipe.read().build("objective").weights == {}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("terms.coverage=high", "objective.terms.coverage: expected a number, not 'high'"),
        ("terms.coverage.x=1", "objective.terms.coverage: expected a number, not settings"),
        ("terms=3", "objective.terms: expected settings of its own, a name and a value each"),
        ("term.coverage=3", "objective.term: no such setting; did you mean 'terms'?"),
    ],
)
def test_what_is_wrong_is_told(setting, said):
    with pytest.raises(RecipeError) as error:
        Recipe.read(sets=[f"objective.{setting}"])
    assert said in str(error.value)
