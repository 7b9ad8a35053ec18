"""`attncli visualize`: where sentences come from, and the files that it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attncli.attention_file import load
from tests.running import attncli, sets


def visualize(runs, *more, run="first"):
    return attncli("visualize", *more, "--run", run, "--runs", runs)


@pytest.fixture(scope="module")
def layered(corpus, tmp_path_factory):
    """A folder with a small Transformer of two layers with two heads."""
    folder = tmp_path_factory.mktemp("layered")
    small = ("model.dim=16", "model.feed_forward=16", "model.heads=2", "model.layers=2")
    plain = ("subword.vocab_size=120", "batch.tokens=200", "train.epochs=1", "train.report=50")
    where = ["--data", corpus, "--runs", folder, "--run-name", "layered", "--threads", 1]
    done = attncli("train", *where, "--attention", "transformer", *sets(*small, *plain))
    assert done.code == 0, done.err
    return folder


def test_data_is_the_same_for_search_and_reference(runs, tmp_path):
    found, forced = tmp_path / "found.json", tmp_path / "forced.npz"
    assert visualize(runs, "ein Hund steht", "--beam", 3, "-o", found).code == 0
    ((one,),) = load(found)
    assert visualize(runs, "ein Hund steht", "--reference", one.text, "-o", forced).code == 0
    ((other,),) = load(forced)
    assert (one.how, other.how) == ("search", "reference")
    assert one.cross.weights == pytest.approx(other.cross.weights, abs=1e-4)
    assert one.cross.trace["scores"] == pytest.approx(other.cross.trace["scores"], abs=1e-3)
    assert list(one.cross.tgt) == list(other.cross.tgt)


def test_stored_data_is_drawn_without_a_model(runs, tmp_path):
    path = tmp_path / "seen.json"
    drawn = visualize(runs, "ein Hund", "-o", path)
    again = attncli("visualize", "--map", path)
    assert again.code == 0, again.err
    assert again.out == drawn.out
    refused = attncli("visualize", "ein Hund", "--map", path)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    useless = attncli("visualize", "--map", path, "--set", "search.beam=2")
    assert (useless.code, useless.err.count("\n")) == (2, 1)
    assert "--map reads no model: leave out --set" in useless.err


def test_every_line_of_a_file_is_drawn(runs, tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("ein Hund\n\nrot blau vier\n", encoding="utf-8")
    done = visualize(runs, "--file", path, "-o", tmp_path / "seen.json")
    assert done.code == 0, done.err
    assert "1 empty lines are left out" in done.err
    assert [one.source for (one,) in load(tmp_path / "seen.json")] == ["ein Hund", "rot blau vier"]
    assert done.out.count("rows: ") == 2


def test_a_file_without_words_is_named(runs, tmp_path):
    path = tmp_path / "blank.txt"
    path.write_text("\n \n", encoding="utf-8")
    done = visualize(runs, "--file", path)
    assert done.code == 2
    assert f"{path}: no line has words" in done.err


def test_a_line_of_a_test_set_and_its_reference(runs, corpus, tmp_path):
    lines = (corpus / "test.en").read_text(encoding="utf-8").splitlines()
    done = visualize(runs, "--test", "test", "--line", 3, "-o", tmp_path / "a.json", "--forced")
    assert done.code == 0, done.err
    ((one,),) = load(tmp_path / "a.json")
    assert (one.source, one.text) == (lines[2], lines[2].upper())
    assert "has 20 lines" in visualize(runs, "--test", "test", "--line", 21).err
    assert (
        "no test set 'tset'; did you mean 'test'?"
        in visualize(runs, "--test", "tset", "--line", 1).err
    )


def test_an_ending_in_capitals_is_the_same_page(runs, tmp_path):
    for name in ("a.html", "b.HTML"):
        assert visualize(runs, "ein Hund", "-o", tmp_path / name).code == 0
    assert (tmp_path / "b.HTML").read_text("utf-8") == (tmp_path / "a.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "give one: a sentence in quotes"),
        (("ein", "--test", "test", "--line", 1), "give one: a sentence in quotes"),
        (("--test", "test"), "--test and --line go together"),
        (("ein", "--forced"), "--forced needs a reference"),
        (("ein", "--forced", "--reference", "EIN"), "leave out --reference"),
        (("ein", "--reference", "EIN", "--beam", 9), "is not searched: leave out --beam"),
        (("ein", "--side", "encoder"), "no attention to itself"),
        (("ein", "-o", "nowhere/a.html"), "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(runs, flags, said):
    done = visualize(runs, *flags)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert said in done.err


def test_a_side_that_looks_at_itself_is_named(layered, tmp_path):
    path = tmp_path / "encoder.svg"
    one = ("--side", "encoder", "--layer", 1, "--head", 1, "-o", path)
    done = visualize(layered, "ein", *one, run="layered")
    assert done.code == 0, done.err
    assert "rows: source words, columns: source words" in done.out
    assert "encoder self-attention, layer 1, head 1" in done.out
    assert ">target</text>" not in path.read_text(encoding="utf-8")


def test_a_page_has_the_beam_and_every_side(layered, tmp_path):
    path = tmp_path / "page.html"
    done = visualize(layered, "ein Hund", "--beam", 2, "-o", path, run="layered")
    assert done.code == 0, done.err
    text = path.read_text(encoding="utf-8")
    begin = text.index(">", text.index('id="data-0"')) + 1
    data = json.loads(text[begin : text.index("</script>", begin)])
    ((first, second),) = data["sentences"]
    assert first["score"] >= second["score"]
    assert list(first["sides"]) == ["cross", "encoder", "decoder"]
    words = first["sides"]["encoder"]["words"]
    assert words["src"] == words["tgt"] == ["ein", "Hund", "</s>"]
    assert [len(layer) for layer in words["weights"]] == [2, 2]


def test_a_decoder_reads_only_what_is_written(layered, tmp_path):
    path = Path(tmp_path / "seen.npz")
    done = visualize(layered, "ein", "--side", "decoder", "-o", path, run="layered")
    assert done.code == 0, done.err
    ((one,),) = load(path)
    own = one.maps["decoder"]
    assert list(own.src) == ["<s>", *one.cross.tgt[:-1]]
    assert own.weights.sum(-1) == pytest.approx(1, abs=1e-5)
    assert not own.weights[0, 0, 0, 1:].any()
    assert one.maps["encoder"].weights.sum(-1) == pytest.approx(1, abs=1e-5)
