"""`attncli translate`: a line out for each line in, whatever the lines are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.running import attncli, process


def translate(runs, stdin, *more, run="first"):
    return attncli("translate", "--run", run, "--runs", runs, *more, stdin=stdin)


def test_every_line_in_is_a_line_out_and_the_empty_one_is_empty(runs):
    done = translate(runs, b"ein Hund\n\nein Haus steht\n")
    assert done.code == 0, done.err
    assert len(done.lines) == 3
    assert [bool(line) for line in done.lines] == [True, False, True]


def test_a_file_is_translated_like_stdin(runs, tmp_path):
    text = "ein Hund\n\nrot\n"
    (tmp_path / "in.txt").write_text(text, encoding="utf-8")
    from_file = translate(runs, b"", tmp_path / "in.txt")
    assert from_file.out == translate(runs, text.encode()).out
    assert len(from_file.lines) == 3


def test_a_dash_stands_for_stdin(runs):
    assert translate(runs, b"ein Hund\nrot\n", "-").out == translate(runs, b"ein Hund\nrot\n").out


def test_translations_cut_at_the_length_limit_are_counted(runs):
    short = ["--set", "search.max_ratio=0", "--set", "search.max_extra=1"]
    done = translate(runs, b"ein Hund\n\nein Haus steht\n", *short)
    assert done.code == 0, done.err
    assert "that reached the length limit (search.max_ratio, search.max_extra): 2" in done.err
    assert "reached" not in done.out
    assert "lines whose translation is empty: 2" in done.err


def test_lines_longer_than_those_of_training_are_counted(runs):
    done = translate(runs, b"ein Hund\n" + b"ein " * 101 + b"\n")
    assert "more words than any in training (data.max_length=100): 1" in done.err
    assert len(done.lines) == 2
    assert "in training" not in translate(runs, b"ein " * 100 + b"\n").err


def test_a_translation_that_is_empty_for_an_empty_line_is_not_counted(runs):
    assert "is empty" not in translate(runs, b"\nein Hund\n").err


def test_no_line_in_is_no_line_out(runs):
    assert translate(runs, b"").out == ""


def test_a_last_line_without_its_end_is_a_line(runs):
    assert translate(runs, b"ein Hund").out == translate(runs, b"ein Hund\n").out


def test_carriage_returns_belong_to_the_line_end(runs):
    assert translate(runs, b"ein Hund\r\nrot\r\n").out == translate(runs, b"ein Hund\nrot\n").out


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_only_a_newline_ends_a_line(runs, separator, tmp_path):
    text = f"ein{separator}Hund\nrot\n".encode()
    assert len(translate(runs, text).lines) == 2
    (tmp_path / "in.txt").write_bytes(text)
    assert len(translate(runs, b"", tmp_path / "in.txt").lines) == 2


def test_a_file_that_is_not_there_is_one_line(runs, tmp_path):
    done = translate(runs, b"", tmp_path / "nowhere.txt")
    assert done.code in (1, 2)
    assert "nowhere.txt" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_sentence_in_place_of_a_file_is_told_where_it_goes(runs):
    done = translate(runs, b"", "ein Hund steht")
    assert done.code == 2
    assert "of a sentence: echo 'ein Hund steht' | attncli translate" in done.err


def test_lines_are_answered_as_they_come(runs):
    command = [sys.executable, "-m", "attncli", "translate", "--run", "first", "--runs", str(runs)]
    with subprocess.Popen(
        [*command, "--threads", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as live:
        for line in (b"ein Hund\n", b"\n", b"rot\n"):
            live.stdin.write(line)
            live.stdin.flush()
            answer = live.stdout.readline()
            assert answer.endswith(b"\n")
            assert live.poll() is None
        live.stdin.close()
        assert live.stdout.read() == b""
    assert live.returncode == 0


def test_a_reader_that_goes_away_leaves_no_traceback(runs, tmp_path):
    (tmp_path / "in.txt").write_text("ein Hund\n" * 400, encoding="utf-8")
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "attncli", "translate", tmp_path / "in.txt", "--batch", "2"]
    with subprocess.Popen(
        [*command, "--run", "first", "--runs", runs, "--threads", "1"],
        stdout=writing,
        stderr=subprocess.PIPE,
    ) as live:
        os.close(writing)
        assert os.read(reading, 1)
        os.close(reading)
        said = live.stderr.read().decode()
    assert "Traceback" not in said
    assert "Error" not in said
    assert live.returncode != 0


def test_jsonl_tells_all_there_is(runs):
    done = translate(runs, "ein läuft\n\n".encode(), "--format", "jsonl", "--n-best", 2)
    first, empty = map(json.loads, done.lines)
    assert first["number"] == 0
    assert first["source"] == "ein läuft"
    assert len(first["hypotheses"]) == 2
    best = first["hypotheses"][0]
    assert list(best) == [
        "text",
        "tokens",
        "score",
        "log_prob",
        "cut",
        "source_tokens",
        "alignment",
    ]
    assert best["tokens"][-1] == "</s>" or best["cut"]
    assert "".join(best["tokens"][:-1]).replace("▁", " ").strip() == best["text"]
    assert "".join(best["source_tokens"][:-1]).replace("▁", " ").strip() == "ein läuft"
    assert best["score"] >= first["hypotheses"][1]["score"]
    assert best["log_prob"] < 0
    assert (empty["number"], empty["source"]) == (1, "")
    assert empty["hypotheses"][0]["text"] == ""


def test_n_best_lists_number_text_and_score(runs):
    done = translate(runs, b"ein Hund\nrot\n", "--n-best", 3)
    cells = [line.split(" ||| ") for line in done.lines]
    assert [int(one[0]) for one in cells] == [0, 0, 0, 1, 1, 1]
    for begin in (0, 3):
        scores = [float(one[2]) for one in cells[begin : begin + 3]]
        assert scores == sorted(scores, reverse=True)
        assert len({one[1] for one in cells[begin : begin + 3]}) > 1
    plain = translate(runs, b"ein Hund\nrot\n")
    assert [cells[0][1], cells[3][1]] == plain.lines


def test_a_beam_made_wider_is_said(runs):
    wider = translate(runs, b"rot\n", "--n-best", 3, "--beam", 2)
    assert "a beam of 3, not 2: 3 translations need as many" in wider.err
    for fits in (("--n-best", 3, "--beam", 3), ("--n-best", 3, "--sample")):
        assert "a beam of" not in translate(runs, b"rot\n", *fits).err


def test_alignments_link_words_that_are_there(runs):
    lines = ["ein Haus steht", "", "rot blau Hund vier läuft"]
    done = translate(runs, "\n".join(lines).encode(), "--alignments")
    found = 0
    for line, written in zip(lines, done.lines, strict=True):
        text, _, links = written.partition(" |||")
        for link in links.split():
            src, tgt = map(int, re.fullmatch(r"(\d+)-(\d+)", link).groups())
            assert src < len(line.split())
            assert tgt < len(text.split())
            found += 1
    assert found > 3


@pytest.mark.parametrize("flag", ["--alignments", "--replace-unknown"])
def test_what_needs_attention_is_refused_of_a_model_without_any(runs, flag):
    done = translate(runs, b"ein Hund\n", flag, run="blind")
    assert done.code == 2
    assert done.err.strip().splitlines()[-1].endswith("this model has no attention")


def test_two_runs_decode_as_an_ensemble(runs):
    alone = translate(runs, b"ein Hund steht\n", "--format", "jsonl")
    both = translate(runs, b"ein Hund steht\n", "--format", "jsonl", "--run", "second")
    twice = translate(runs, b"ein Hund steht\n", "--format", "jsonl", "--run", "first")
    assert both.code == 0, both.err
    one, two, same = (
        json.loads(done.out)["hypotheses"][0]["log_prob"] for done in (alone, both, twice)
    )
    assert same == pytest.approx(one, abs=1e-4)
    assert two != pytest.approx(one, abs=1e-4)


def test_samples_repeat_with_their_seed(runs):
    def draw(seed):
        line = b"ein Haus steht und rot\n"
        return translate(runs, line, "--sample", "--seed", seed, "--n-best", 4).out

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_a_seed_where_nothing_is_drawn_is_refused(runs):
    done = translate(runs, b"ein Hund\n", "--seed", 0)
    assert done.code == 2
    assert "nothing is drawn without --sample: leave out --seed" in done.err


@pytest.mark.parametrize("setting", ["search.temperature=0.5", "search.top_k=3"])
def test_how_to_draw_is_refused_where_nothing_is_drawn(runs, setting):
    done = translate(runs, b"ein Hund\n", "--set", setting)
    assert done.code == 2
    assert "set search.sample=true, or leave them out" in done.err


def test_samples_depend_on_no_batch(runs):
    lines = b"ein Hund\n\nrot\nvier blau Haus steht Hund\nrot\n"
    draw = ("--sample", "--seed", 5, "--set", "search.temperature=2")
    together = translate(runs, lines, *draw)
    assert together.out == translate(runs, lines, *draw, "--batch", 1).out
    assert together.out == translate(runs, lines, *draw, "--threads", 2, "--batch", 2).out
    assert together.lines[2] != together.lines[4]


def test_a_batch_size_changes_no_translation(runs):
    lines = b"ein Hund\n\nrot\nvier blau Haus steht Hund\n"
    assert translate(runs, lines, "--batch", 1).out == translate(runs, lines).out


def test_a_beam_of_one_is_greedy_and_set_does_the_same(runs):
    lines = b"ein Hund steht\n"
    flag = translate(runs, lines, "--beam", 1, "--format", "jsonl")
    assert flag.out == translate(runs, lines, "--set", "search.beam=1", "--format", "jsonl").out


def test_a_search_setting_that_is_not_there_is_refused(runs):
    done = translate(runs, b"ein\n", "--set", "search.beem=3")
    assert done.code == 2
    assert "did you mean 'beam'?" in done.err


def test_without_a_run_the_newest_is_taken_and_named(runs):
    done = attncli("translate", "--runs", runs, stdin=b"ein Hund\n")
    assert done.code == 0
    assert str(runs / "blind") in done.err
    assert str(runs) not in done.out


def test_an_unknown_run_suggests_the_closest(runs):
    done = translate(runs, b"", run="frist")
    assert done.code == 1
    assert done.err == "attncli: frist: no such run; did you mean 'first'?\n"


def test_where_there_is_no_run_yet_it_says_how_to_make_one(tmp_path):
    done = attncli("translate", "--runs", tmp_path / "runs")
    assert done.code == 1
    assert "attncli train" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_folder_is_no_file_of_lines(runs, tmp_path):
    done = translate(runs, b"", tmp_path)
    assert done.code == 1
    assert done.err == f"attncli: {tmp_path}: a folder, where a file is read\n"


def test_an_unknown_checkpoint_names_those_that_are_there(runs):
    done = translate(runs, b"", "--checkpoint", "bets")
    assert done.code == 2
    assert "no checkpoint 'bets'; did you mean 'best'?" in done.err
    assert "best" in done.err.partition("there is")[2]


def test_the_command_in_a_process_of_its_own_does_the_same(runs):
    lines = b"ein Hund\n\nrot\n"
    alone = process("translate", "--run", "first", "--runs", runs, "--threads", 1, stdin=lines)
    assert alone == translate(runs, lines)
