"""In which settings rows differ, what is marked and what is warned of."""

from __future__ import annotations

from attncli.compare.differences import differences, differing, marks, under_study, warnings
from tests.compare.rows import row

BASE = row("base")
WINDOW = row("window", sets=["model.attention.name=local-p"])
WIDE = row("wide", sets=["model.attention=dot", "model.hidden=512"])


def test_a_component_stands_for_its_options():
    assert differing(BASE.settings, WINDOW.settings) == ["model.attention"]
    other = row("other", sets=["model.attention.name=local-p", "model.attention.window=4"])
    assert differing(WINDOW.settings, other.settings) == ["model.attention.window"]
    transformer = row("transformer", sets=["model.name=transformer"])
    assert differing(BASE.settings, transformer.settings) == ["model"]


def test_each_difference_has_every_rows_value():
    found = {one.setting: one.values for one in differences([BASE, WINDOW, WIDE], BASE)}
    assert found["model.hidden"] == {"base": 256, "window": 256, "wide": 512}
    assert found["model.attention"] == {"base": "general", "window": "local-p", "wide": "dot"}


def test_what_most_rows_differ_in_is_under_study():
    assert under_study([BASE, WINDOW, WIDE], BASE) == "model.attention"
    assert under_study([BASE, BASE], BASE) is None


def test_the_attention_goes_before_what_differs_as_often():
    both = row("both", sets=["data.max_length=5", "model.hidden=64", "model.attention=dot"])
    assert under_study([BASE, both], BASE) == "model.attention"
    assert under_study([row("some", sets=["data.max_length=5", "model.hidden=64"])], BASE) == (
        "model.hidden"
    )


def test_a_row_that_differs_in_more_is_named():
    said = warnings([BASE, WINDOW, WIDE], BASE, "model.attention", False)
    assert said == ["wide differs from base in more than model.attention: model.hidden (512)"]


def test_one_setting_alone_is_warned_of_only_where_another_was_named():
    narrow = row("narrow", sets=["model.hidden=64"])
    assert warnings([narrow], BASE, "model.attention", False) == []
    said = warnings([narrow], BASE, "model.attention", True)
    assert said == [
        "narrow differs from base in another setting than model.attention: model.hidden (64)"
    ]


def test_data_search_selection_and_tokenisation_are_marked():
    assert marks(WINDOW, BASE) == []
    assert marks(row("beam", sets=["search.beam=1"]), BASE) == ["search"]
    assert marks(row("mean", sets=["train.average=3"]), BASE) == ["selection"]
    assert marks(row("words", sets=["subword.kind=word"]), BASE) == ["tokenisation"]
    assert marks(row("text", said_of={"text": "other"}), BASE) == ["data"]
    assert marks(row("cut", said_of={"finished": None}), BASE) == ["unfinished"]


def test_all_settings_of_a_component_under_study_belong_to_it():
    other = row("other", sets=["model.attention.name=local-p", "model.attention.window=4"])
    assert warnings([other], WINDOW, "model.attention", True) == []
    assert warnings([WIDE], BASE, "model", True) == []
    (said,) = warnings([row("warm", sets=["train.clip=9"])], BASE, "model", True)
    assert said == "warm differs from base in another setting than model: train.clip (9.0)"
