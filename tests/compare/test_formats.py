"""The table in every form, drawn from rows made by hand."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from attncli.compare.conclusion import conclude
from attncli.compare.formats import FORMATS, comma, format_of, latex, markdown, text, whole
from attncli.compare.records import revive
from attncli.compare.request import Request
from attncli.compare.result import Comparison
from attncli.compare.table import table
from attncli.errors import UsageError
from attncli.text.pair import Pair
from tests.compare.rows import REFERENCES, on_test, row, said


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Three rows of two seeds, of which the last has another search and another size."""
    rows = [
        row("plain", (10, 9), figure=10),
        row("dot_50%", (2, 1), ["model.attention=dot"], figure=30),
        row("wide", (5, 6), ["model.hidden=512", "search.beam=1"], figure=20),
    ]
    request = Request("made", tmp_path_factory.mktemp("runs"), seeds=2)
    pairs = {"test": [Pair("a b c", line) for line in REFERENCES]}
    return conclude(rows, request, "plain", ["test"], {"gone seed 1": "no text"}, pairs)


def cells(found):
    made = table(found)
    return {line[0]: dict(zip(made.headings, line, strict=True)) for line in made.lines}


def test_the_table_holds_means_deviations_gaps_and_the_papers_figure(found):
    line = cells(found)["dot_50%"]
    bleu = found.rows[1].figures["test"]["bleu"]
    assert line["BLEU"] == f"{bleu.mean:.1f}"
    assert line["± seeds"] == f"{bleu.deviation:.1f}" != "0.0"
    assert line["± test"] == "0.5"
    assert line["gap"] == f"{bleu.mean - found.rows[0].figures['test']['bleu'].mean:+.1f}"
    assert line["against plain"] == "higher here"
    assert line["p rand"] == "<.001"
    assert (line["AER %"], line["ppl"], line["sent/s"]) == ("25.0 ±0.0", "2.50 ±0.00", "7.0")
    assert (line["parameters"], line["MB"], line["minutes"]) == ("1,500,000", "400", "1.5")
    assert line["epochs"] == "3"
    assert line["paper"] == "30"
    assert cells(found)["plain"]["against plain"] == "baseline"


def test_a_gap_that_is_rounded_away_has_no_minus(found):
    plain, dot, _ = found.rows
    near = replace(dot, against={"test": replace(dot.against["test"], gap=-0.04)})
    beside = replace(found, rows=[plain, near])
    assert cells(beside)["dot_50%"]["gap"] == "+0.0"


def test_a_row_that_does_not_compare_is_marked(found):
    assert "wide [search]" in cells(found)


def test_above_stand_the_settings_and_the_warning_below_the_words(found):
    said = text(found)
    assert "  model.attention: general (plain, wide), dot (dot_50%)\n" in said
    assert "  search.beam: 5 (plain, dot_50%), 1 (wide)\n" in said
    assert "warning: wide differs from plain in more than" in said
    assert "2 seeds: no order is claimed" in said
    assert "speed and memory: Abacus, 2 cores" in said
    assert "order of the paper: Kendall's tau 1.00 [" in said
    assert "paper: a paper, Table 1, BLEU" in said
    assert "failed: gone seed 1: no text" in said
    assert found.signatures["BLEU"] in said


def test_a_narrow_terminal_gets_the_table_in_parts(found):
    made = text(found, 60).split("\n\n")[1:]
    parts = [part for part in made if "dot_50%" in part]
    assert len(parts) > 1
    assert max(len(line) for part in parts for line in part.split("\n")) <= 60
    headings = " ".join(part.split("\n")[0] for part in parts)
    assert all(heading in headings for heading in table(found).headings)


def test_markdown_has_a_cell_for_every_heading(found):
    lines = [line for line in markdown(found).split("\n") if line.startswith("|")]
    assert len(lines) == 5
    assert {line.count("|") for line in lines} == {len(table(found).headings) + 1}


def test_latex_escapes_what_tex_reads(found):
    made = latex(found)
    assert r"dot\_50\% & " in made
    assert made.count(r" \\") == 4
    assert r"\toprule" in made
    assert "±" not in "".join(line for line in made.split("\n") if not line.startswith("%"))


def test_csv_has_every_figure_unrounded(found):
    lines = list(csv.DictReader(io.StringIO(comma(found))))
    assert float(lines[0]["seconds"]) == found.rows[0].runs[0].seconds
    assert [line["row"] for line in lines] == ["plain", "dot_50%", "wide"]
    bleu = found.rows[1].figures["test"]["bleu"]
    assert float(lines[1]["bleu"]) == bleu.mean
    assert float(lines[1]["bleu_over_seeds"]) == bleu.deviation
    assert lines[2]["marks"] == "search"


def test_json_is_the_whole_comparison(found):
    assert revive(json.loads(whole(found)), Comparison) == found


def test_what_has_a_default_may_be_missing_from_an_older_file():
    one = on_test(said(1))
    older = asdict(one)
    del older["unaligned"]
    assert revive(older, type(one)) == one
    del older["cut"]
    with pytest.raises(ValueError, match="other fields: cut"):
        revive(older, type(one))


def test_the_ending_says_the_format():
    assert [format_of(Path(name)) for name in ("a.md", "a.csv", "a.json", "a.tex", "a.txt")] == [
        "markdown",
        "csv",
        "json",
        "latex",
        "text",
    ]
    assert set(FORMATS) == {"text", "markdown", "csv", "json", "latex"}
    with pytest.raises(UsageError, match=r"a\.doc: what is written goes by the ending"):
        format_of(Path("a.doc"))
