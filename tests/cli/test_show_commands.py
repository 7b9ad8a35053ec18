"""`attncli visualize`, `attentions` and `data`: what they show, and what they refuse."""

from __future__ import annotations

import re
import shutil

import pytest

from attncli import registry
from attncli.recipe import preset_names
from tests.running import attncli

PNG = b"\x89PNG\r\n\x1a\n"


def visualize(runs, *more, run="first"):
    return attncli("visualize", "ein Hund steht", "--run", run, "--runs", runs, *more)


def test_the_heat_map_names_every_word(runs):
    done = visualize(runs)
    assert done.code == 0, done.err
    for word in ("ein", "Hund", "steht"):
        assert word in done.out


def test_a_reference_is_looked_at_instead(runs):
    done = visualize(runs, "--reference", "STEHT ROT")
    assert done.code == 0, done.err
    assert "STEHT" in done.out
    assert "ROT" in done.out
    assert done.out != visualize(runs).out


@pytest.mark.parametrize(("ending", "begin"), [("png", PNG), ("svg", b"<svg"), ("pdf", b"%PDF")])
def test_a_picture_is_written_too(runs, tmp_path, ending, begin):
    path = tmp_path / f"map.{ending}"
    done = visualize(runs, "-o", path)
    assert done.code == 0, done.err
    assert path.read_bytes().startswith(begin)
    assert "Hund" in done.out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-o", "map.gif"), "no format '.gif'"),
        (("--head", "1"), "give --layer too"),
        (("--layer", "2"), "layer"),
        (("--layer", "1", "--head", "9"), "head"),
    ],
)
def test_what_cannot_be_shown_is_refused(runs, flags, said):
    done = visualize(runs, *flags)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("verb", ["visualize", "explain"])
@pytest.mark.parametrize(
    ("text", "said"),
    [(" ", "an empty sentence has nothing to look at"), ("ein\nHund", "a sentence is one line")],
)
def test_what_is_no_sentence_is_refused(runs, verb, text, said):
    done = attncli(verb, text, "--run", "first", "--runs", runs)
    assert done.code == 2
    assert said in done.err


def test_a_model_that_looks_at_nothing_has_nothing_to_show(runs):
    done = visualize(runs, run="blind")
    assert done.code == 2
    assert done.err == f"attncli: {runs / 'blind'}: this model has no attention\n"
    assert done.out == ""


def test_every_attention_and_preset_is_listed():
    done = attncli("attentions")
    assert done.code == 0, done.err
    listed = set(re.findall(r"^(\S+)(?:  \(also .*\))?$", done.out, re.M))
    assert {*registry.names("attention"), *preset_names()} <= listed
    assert "local-p  (also local)" in done.out
    entries = done.out.split("\n\n")
    papers = [entry for entry in entries if "  Paper: " in entry]
    parts = [*registry.names("normalizer"), *registry.names("account")]
    assert len(papers) == len(registry.names("attention")) + len(parts) + len(preset_names())
    assert all("      " in entry for entry in papers), "each has its equation"


def test_the_list_says_what_a_step_costs_and_what_waits_for_its_last_step():
    entries = {entry.split()[0]: entry for entry in attncli("attentions").out.strip().split("\n\n")}
    claims = {
        name: re.search(r"^  Cost: (O\(.+\)) per step; sequential: (yes|no)$", entry, re.M)
        for name, entry in entries.items()
        if name in registry.names("attention")
    }
    assert claims["local-p"].groups() == ("O(D)", "no")
    assert claims["none"].groups() == ("O(1)", "no")
    assert claims["additive"].groups() == ("O(S)", "no")
    assert claims["ntm"].groups() == ("O(S)", "yes")
    assert None not in claims.values()


def test_the_list_fits_eighty_columns_in_a_pipe():
    lines = attncli("attentions").out.splitlines()
    assert len(lines) > 100
    assert [line for line in lines if len(line) > 80] == []
    assert not [line for line in lines if line != line.rstrip()]


def test_one_attention_is_explained_with_its_options():
    done = attncli("attentions", "local-p")
    assert done.code == 0, done.err
    assert "p_t  = (S - 1) sigmoid(v . tanh(W query_t))" in done.out
    assert "model.attention.window = 10  D, the source positions" in done.out
    assert "only through it does a gradient reach p_t" in " ".join(done.out.split())
    assert "luong-dot" not in done.out


def test_an_alias_is_explained_as_what_it_stands_for():
    assert attncli("attentions", "local").code == 0
    assert attncli("attentions", "local").out == attncli("attentions", "local-p").out


def test_what_an_attention_is_made_of_is_explained_with_its_own_setting():
    done = attncli("attentions", "entmax")
    assert done.code == 0, done.err
    assert "model.attention.normalize.alpha = 1.5  how sparse" in done.out
    assert "account = linguistic  what is kept" in attncli("attentions", "coverage").out
    assert "linguistic, neural, sum" in attncli("attentions", "coverage").out


def test_a_preset_is_explained_with_all_that_it_sets():
    done = attncli("attentions", "bahdanau")
    assert done.code == 0, done.err
    for setting in (
        "model.reads.name = before",
        "model.cell.name = gru-cho",
        "model.bridge.name = backward",
        "model.readout.name = maxout",
    ):
        assert setting in done.out
    assert "e_ts = v . tanh(W query_t + U state_s + b)" in done.out


@pytest.mark.parametrize("name", [*registry.names("attention"), *preset_names()])
def test_each_can_be_explained(name):
    done = attncli("attentions", name)
    assert done.code == 0, done.err
    assert done.out.startswith(name)
    assert ("It sets:" in done.out) == (name in preset_names())


def test_an_attention_that_is_not_there_suggests_the_closest():
    done = attncli("attentions", "adaptive")
    assert (done.code, done.out) == (2, "")
    done = attncli("attentions", "aditive")
    assert "did you mean 'additive'?" in done.err
    done = attncli("attentions", "luong-dott")
    assert done.code == 2
    assert "did you mean 'luong-dot'?" in done.err


def test_the_embedded_corpus_is_shown(tmp_path):
    done = attncli("data")
    assert done.code == 0, done.err
    for split in ("train: 20,000 pairs", "valid: 1,000", "test: 1,000", "test-long: 500"):
        assert split in done.out


def test_a_corpus_of_files_is_shown(corpus):
    done = attncli("data", "--data", corpus)
    assert done.code == 0, done.err
    assert "train: 240 pairs" in done.out
    assert "valid: 20 pairs" in done.out
    assert "test: 20 pairs" in done.out


def test_data_that_is_not_there_is_one_line(tmp_path):
    done = attncli("data", "--data", tmp_path / "nowhere")
    assert done.code == 1
    assert done.err.count("\n") == 1
    done = attncli("data", "--data", "embeded")
    assert "did you mean 'embedded'?" in done.err


def test_the_embedded_corpus_has_its_two_languages():
    done = attncli("data", "--src", "fr")
    assert done.code == 2
    assert "the embedded corpus is en and de, not fr and de" in done.err


def test_text_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "test.de").write_text("mein Text\n")
    done = attncli("data", "--write", tmp_path)
    assert done.code == 1
    assert f"{tmp_path / 'test.de'}: exists; give another folder" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["test.de"]


def test_a_second_validation_text_is_said(corpus, tmp_path):
    shutil.copytree(corpus, tmp_path / "two")
    for end in ("en", "de"):
        shutil.copy(corpus / f"val.{end}", tmp_path / "two" / f"dev.{end}")
    done = attncli("data", "--data", tmp_path / "two")
    assert done.err.startswith(f"left out: {tmp_path / 'two' / 'dev.en'}")
    assert done.err.endswith("val is validated on\n")


def test_a_place_of_data_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("ATTNCLI_DATA", raising=False)
    assert "$ATTNCLI_DATA, which is not set" in attncli("data", "--data", "newsx").err
    monkeypatch.setenv("ATTNCLI_DATA", str(tmp_path / "none"))
    done = attncli("data", "--data", "multi30k")
    assert done.code == 1
    assert done.err == (
        f"attncli: ATTNCLI_DATA: no folder {tmp_path / 'none'}; name one that is there, or unset "
        "it\n"
    )


def test_a_direction_that_changes_nothing_is_refused(tmp_path):
    shown = attncli("data", "--src", "de", "--tgt", "en")
    assert shown.code == 2
    assert "both languages: leave out --src, --tgt" in shown.err
    written = attncli("data", "--src", "de", "--tgt", "en", "--write", tmp_path / "new")
    assert written.code == 2
    assert not (tmp_path / "new").exists()


def test_only_the_embedded_corpus_is_written(corpus, tmp_path):
    done = attncli("data", "--data", corpus, "--write", tmp_path)
    assert done.code == 2
    assert "--write writes an embedded corpus" in done.err


def test_documents_are_counted_and_shown_apart():
    done = attncli("data", "--data", "embedded-documents")
    assert done.code == 0, done.err
    assert "train: 12,809 pairs in 4,000 documents" in done.out
    first = done.out.split("test: ")[1].split("\n\n")[0].splitlines()
    sources = [line.strip() for line in first[-9::3]]
    assert [" it " in source for source in sources] == [False, False, True]
