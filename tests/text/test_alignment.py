"""Alignments: formats and their base, error rates worked out by hand, links and symmetrising."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from attncli.errors import DataError
from attncli.text.alignment import (
    alignment_score,
    best_links,
    pharaoh,
)
from attncli.text.gold import Gold, read_gold

LENGTHS = [(3, 4), (2, 2)]


def written(folder: Path, text: str, name: str = "gold.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "form", "base"),
    [
        ("0-0 1p2 2?3\n0-1 1-0\n", "Pharaoh", 0),
        ("1-1 2p3 3?4\n1-2 2-1\n", "Pharaoh", 1),
        ("1 1 1 S\n1 2 3 P\n1 3 4 P\n2 1 2\n2 2 1 S\n", "NAACL", 1),
        ("0001 1 1 S 0.9\n0001 2 3 P 0.5\n0001 3 4 0.5 P\n0002 1 2 S\n0002 2 1 S\n", "NAACL", 1),
        ("1 0 0 S\n1 1 2 P\n1 2 3 P\n2 0 1 S\n2 1 0 S\n", "NAACL", 0),
        ("SENT: 0\nS 1 1\nP 2 3\nP 3 4\nSENT: 1\nS 1 2\nS 2 1\n", "blocks", 1),
        ("SENT: 1\r\nS 1 1\r\nP 2 3\r\nP 3 4\r\n\r\nSENT: 2\r\nS 1 2\r\nS 2 1\r\n", "blocks", 1),
    ],
)
def test_every_format_and_base_gives_the_same_gold(
    tmp_path: Path, text: str, form: str, base: int
) -> None:
    gold = read_gold(written(tmp_path, text), LENGTHS)
    assert gold.base == base
    assert gold.sentences == [
        Gold.of([(0, 0)], [(1, 2), (2, 3)]),
        Gold.of([(0, 1), (1, 0)]),
    ]
    assert f"{form} format, words counted from {base}" in gold.report
    assert "2 sentences, 3 sure and 2 only possible links" in gold.report


def test_a_zero_beside_another_number_is_the_empty_word(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path, "1 1 1 S\n1 0 2 S\n"), LENGTHS)
    assert gold.base == 1
    assert gold.sentences[0].sure == {(0, 0)}
    assert "1 links to the empty word (0) left out" in gold.report


def test_sure_links_are_possible_too() -> None:
    assert Gold.of([(0, 0)], [(1, 1)]).possible == {(0, 0), (1, 1)}


def test_an_ambiguous_base_is_decided_by_the_format_and_said(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path, "1-1\n\n"), LENGTHS)
    assert gold.base == 0
    assert "no link tells" in gold.report
    assert "1 sentences have no link" in gold.report
    assert gold.sentences[0].sure == {(1, 1)}
    columns = read_gold(written(tmp_path, "1 2 2 S\n"), LENGTHS)
    assert columns.base == 1
    assert columns.sentences[0].sure == {(1, 1)}


def test_the_base_can_be_told(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path, "1-1\n\n"), LENGTHS, base=1)
    assert gold.sentences[0].sure == {(0, 0)}
    assert "as asked" in gold.report


def test_links_to_the_empty_word_are_left_out_and_counted(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path, "1 3 4 S\n1 0 2 S\n2 1 1 S\n"), LENGTHS)
    assert gold.base == 1
    assert gold.sentences[0].sure == {(2, 3)}
    assert "1 links to the empty word" in gold.report


def test_a_zipped_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gold.gz"
    path.write_bytes(gzip.compress(b"0-0\n0-0\n"))
    assert len(read_gold(path, LENGTHS).sentences) == 2
    path.write_bytes(b"0-0\n0-0\n")
    with pytest.raises(DataError, match="gzip"):
        read_gold(path, LENGTHS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0-0\n0-0\n0-0\n", r"3 lines, but the test set has 2 sentences"),
        ("0-0\n\n0-0\n", r"3 lines \(1 of them blank\), but the test set has 2"),
        ("0-0\n0-x\n", r"gold.txt:2: cannot read '0-x'"),
        ("0-0\n0-5\n", r"gold.txt:2: sentence 2: link 0-5 is outside its 2 source and 2 target"),
        ("1-1 3-1\n3-1\n", r"gold.txt:2: sentence 2: link 3-1 is outside"),
        ("0-0 3-0\n0-0\n", r"gold.txt:1: sentence 1: link 3-0 fits only words counted from 1"),
        ("0-0 3-2\n0-0\n", r"link 3-2 fits"),
        ("0-0\n7-0\n", r"outside"),
        ("1 1 1 S\nx 1 1 S\n", r"gold.txt:2: cannot read 'x 1 1 S'"),
        ("1 1 1 S\n3 1 1 S\n", r"gold.txt:2: sentence 3, but the test set has 2 sentences"),
        ("SENT: 1\nS 1\n", r"gold.txt:2: cannot read 'S 1'"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_gold(written(tmp_path, text), LENGTHS)


def test_swapped_sides_are_suspected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are the two sides swapped"):
        read_gold(written(tmp_path, "0-0 4-1\n"), [(2, 5)])


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        read_gold(tmp_path / "nowhere", LENGTHS)


def test_the_error_rate_by_hand() -> None:
    # A = 4 links, S = 3, P = 5; A∩S = 2, A∩P = 3: AER = 1 - (2 + 3) / (4 + 3)
    predicted = [[(0, 0), (1, 1), (2, 0)], [(0, 1)]]
    gold = [Gold.of([(0, 0), (2, 2)], [(1, 1), (1, 2)]), Gold.of([(0, 1)])]
    score = alignment_score(predicted, gold)
    assert score.aer == pytest.approx(2 / 7)
    assert score.precision == pytest.approx(3 / 4)
    assert score.recall == pytest.approx(2 / 3)
    assert (score.predicted, score.sure, score.possible, score.sentences) == (4, 3, 5, 2)


def test_perfect_and_hopeless_links() -> None:
    gold = [Gold.of([(0, 0), (1, 1)])]
    assert alignment_score([[(0, 0), (1, 1)]], gold).aer == 0
    assert alignment_score([[(0, 1), (1, 0)]], gold).aer == 1
    assert alignment_score([[]], gold).aer == 1
    assert alignment_score([[(0, 0), (0, 0), (1, 1)]], gold).predicted == 2


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(DataError, match="1 sentences with predicted links, 2 with gold"):
        alignment_score([[]], [Gold.of([]), Gold.of([])])
    with pytest.raises(DataError, match="no alignment to score"):
        alignment_score([[]], [Gold.of([])])


def test_one_link_for_each_target_word_that_looked_somewhere() -> None:
    weights = np.array([[0.1, 0.7, 0.2], [0.4, 0.4, 0.0], [0, 0, 0], [np.nan] * 3, [0, 0, 0.1]])
    assert best_links(weights) == [(1, 0), (0, 1), (2, 4)]
    assert best_links(np.zeros((2, 0))) == []


def test_pharaoh_lines_count_from_zero_in_source_order() -> None:
    assert pharaoh([(2, 0), (0, 1), (0, 0), (0, 1)]) == "0-0 0-1 2-0"
    assert pharaoh([]) == ""
