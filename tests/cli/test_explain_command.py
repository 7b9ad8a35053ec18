"""`attncli explain`: what it prints, and what if."""

from __future__ import annotations

import json

from tests.running import attncli


def explain(runs, *more):
    return attncli("explain", "ein Hund steht", "--run", "first", "--runs", runs, *more)


def test_every_word_has_its_reasons(runs):
    done = explain(runs)
    assert done.code == 0, done.err
    assert done.lines[1] == "ein Hund steht"
    words = done.lines[2].split("  (")[0].split()
    assert done.out.count("looked at  ") == len(words) + 1
    assert done.out.count("(score ") == 3 * (len(words) + 1)
    assert "instead" in done.out


def test_what_if_prints_both_translations(runs):
    done = explain(runs, "--force", "2=steht", "--force", "1=")
    assert done.code == 0, done.err
    text = done.out.partition("what if 2=steht, 1=")[2]
    assert text.count("\n  before  ") == text.count("\n  after   ") == 1
    assert "looked at  3 steht 100.0%" in text
    assert "looked at  nothing" in text


def test_json_has_everything(runs):
    done = explain(runs, "--json", "--force", "1=3", "--top", 1)
    facts = json.loads(done.out)
    assert facts["source"] == "ein Hund steht"
    assert len(facts["words"][0]["looked"]) == 4
    assert len(facts["words"][0]["steps"][0]["instead"]) == 1
    assert facts["forced"] == ["1=3"]
    assert facts["after"]["words"][0]["looked"][0]["number"] == 3


def test_flags_that_do_not_go_together_are_refused(runs):
    done = explain(runs, "--force", "1=2", "--reference", "EIN")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "leave out --reference" in done.err
    useless = explain(runs, "--reference", "EIN", "--beam", 9)
    assert useless.code == 2
    assert "a forced translation is not searched: leave out --beam" in useless.err
    assert explain(runs, "--head", 1).code == 2
    assert "no layer 7 of 1" in explain(runs, "--layer", 7).err
    twice = explain(runs, "--force", "1=2", "--force", "1=")
    assert "target word 1 is forced twice" in twice.err
    assert "there is no target word 40" in explain(runs, "--force", "40=1").err
