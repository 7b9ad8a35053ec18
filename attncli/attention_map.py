"""What a model looked at while it wrote one sentence: the one shape that is stored and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from attncli.errors import DataError, UsageError
from attncli.pieces import NO_WORD, Reading, membership, spell, word_matrix

Link = tuple[int, int]

SIDES = ("target", "source")
"""What stands in the rows and in the columns of most maps."""

CENTRE, BEGIN, END = "centre", "begin", "end"
POSITIONS = (CENTRE, BEGIN, END)
"""Traces that are places in the source, counted in pieces (or words) from 0."""


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """The attention of every layer and head over one sentence pair.

    src, tgt: the pieces of each side, `</s>` included where the model read or wrote it.
    weights: (layers, heads, tgt_len, src_len); row t was used to write piece t.
    src_words, tgt_words: the word of each piece, counted from 0 without a gap; -1 for `</s>`.
    links: gold links (source word, target word), counted from 0; None where there is no gold.
    trace: what else the mechanism shows, each (tgt_len,) or (tgt_len, src_len), or the same after
        (layers, heads), or after (1, 1) where it is one for all. Those named in POSITIONS are
        places in the source: the centre of a window and where it begins and ends.
    mechanism, run, part: who looked, for titles; `part` names the layer and head, once chosen.
    sides: what stands in rows and in columns.

    Raises:
        DataError: shapes or word numbers that do not fit each other.
    """

    src: Sequence[str]
    tgt: Sequence[str]
    weights: np.ndarray
    src_words: Sequence[int]
    tgt_words: Sequence[int]
    links: Sequence[Link] | None = None
    trace: Mapping[str, np.ndarray] = field(default_factory=dict)
    mechanism: str = ""
    run: str = ""
    part: str = ""
    sides: tuple[str, str] = SIDES

    def __post_init__(self) -> None:
        size = (len(self.tgt), len(self.src))
        sizes = f"{size[0]} target and {size[1]} source pieces"
        if self.weights.ndim != 4 or self.weights.shape[2:] != size:
            raise DataError(f"attention map: weights {self.weights.shape} do not fit {sizes}")
        for name, values in self.trace.items():
            expected = size if values.ndim in (2, 4) else size[:1]
            is_shaped = _layers_and_heads(values) in ((), (1, 1), self.weights.shape[:2])
            if not is_shaped or values.shape[-len(expected) :] != expected:
                raise DataError(
                    f"attention map: trace '{name}' {values.shape} does not fit {sizes}"
                )
        for pieces, words in ((self.src, self.src_words), (self.tgt, self.tgt_words)):
            numbers = [number for number, _ in groupby(words) if number != NO_WORD]
            if len(words) != len(pieces) or numbers != list(range(len(numbers))):
                raise DataError(
                    f"attention map: word numbers {list(words)} do not fit {len(pieces)} pieces; "
                    "they count from 0 without a gap, with -1 for </s>"
                )

    @property
    def layers(self) -> int:
        return int(self.weights.shape[0])

    @property
    def heads(self) -> int:
        return int(self.weights.shape[1])

    def head(self, layer: int, head: int) -> AttentionMap:
        """One head of one layer, both counted from 0.

        Raises:
            UsageError: no such layer or head, with those that exist.
        """
        _check_index("layer", layer, self.layers)
        _check_index("head", head, self.heads)
        chosen = self._select((slice(layer, layer + 1), slice(head, head + 1)), is_mean=False)
        return chosen._of(f"layer {layer + 1}, head {head + 1}")

    def mean(self, layer: int | None = None) -> AttentionMap:
        """The mean over the heads of one layer, or over all heads of all layers.

        Raises:
            UsageError: no such layer, with those that exist.
        """
        if layer is None:
            chosen = self._select((slice(None), slice(None)), is_mean=True)
            return chosen._of("mean of all layers and heads")
        _check_index("layer", layer, self.layers)
        chosen = self._select((slice(layer, layer + 1), slice(None)), is_mean=True)
        return chosen._of(f"layer {layer + 1}, mean of its heads")

    @property
    def title(self) -> str:
        """Who looked, in one line: what is known of mechanism, part and run."""
        return " · ".join(fact for fact in (self.mechanism, self.part, self.run) if fact)

    @property
    def named_sides(self) -> tuple[str, str]:
        """What stands in rows and in columns, with words told from pieces of them."""
        rows, columns = self.sides
        return f"{rows} {_units(self.tgt_words)}", f"{columns} {_units(self.src_words)}"

    def gates(self) -> dict[str, np.ndarray]:
        """The traces of one number a row that are no places in the source: gates, by name."""
        return {
            name: values
            for name, values in self.trace.items()
            if values.ndim in (1, 3) and name not in POSITIONS
        }

    def places(self) -> dict[str, np.ndarray]:
        """The traces that are places in the source, by name."""
        return {name: self.trace[name] for name in POSITIONS if name in self.trace}

    def layers_of_cells(self) -> dict[str, np.ndarray]:
        """The traces of one number a cell, by name."""
        return {name: values for name, values in self.trace.items() if values.ndim in (2, 4)}

    def gold_cells(self) -> set[tuple[int, int]]:
        """(target piece, source piece) of every gold link, at the pieces of both words."""
        links = set(self.links or ())
        return {
            (t, s)
            for t, tgt_word in enumerate(self.tgt_words)
            for s, src_word in enumerate(self.src_words)
            if (src_word, tgt_word) in links
        }

    def _of(self, heads: str) -> AttentionMap:
        return replace(self, part=f"{self.part}, {heads}" if self.part else heads)

    def _select(self, chosen: tuple[slice, slice], *, is_mean: bool) -> AttentionMap:
        def pick(values: np.ndarray) -> np.ndarray:
            return values[chosen].mean((0, 1), keepdims=True) if is_mean else values[chosen]

        # what is shown once is shown with every layer and head
        shown_once = ((), (1, 1))
        trace = {
            name: values if _layers_and_heads(values) in shown_once else pick(values)
            for name, values in self.trace.items()
        }
        return replace(self, weights=pick(self.weights), trace=trace)

    def words(self) -> AttentionMap:
        """The same over whole words; `</s>` stays a row and a column of its own.

        Weights are summed over the pieces of a source word and averaged over those of a target
        word; traces are averaged, and places are moved to where they fall among the words.
        """
        src_sum, tgt_sum = membership(self.src_words), membership(self.tgt_words)
        src_mean = src_sum / src_sum.sum(0)
        tgt_mean = tgt_sum / tgt_sum.sum(0)
        trace = {}
        for name, values in self.trace.items():
            if values.ndim in (2, 4):
                trace[name] = tgt_mean.T @ values @ src_mean
                continue
            if name in POSITIONS:
                values = np.interp(values, np.arange(len(self.src)), src_sum.argmax(1))
            trace[name] = values @ tgt_mean
        return replace(
            self,
            src=_spelt(self.src, src_sum),
            tgt=_spelt(self.tgt, tgt_sum),
            weights=tgt_mean.T @ self.weights @ src_sum,
            src_words=[number for number, _ in groupby(self.src_words)],
            tgt_words=[number for number, _ in groupby(self.tgt_words)],
            trace=trace,
        )

    def word_matrix(self, reading: Reading = "output") -> np.ndarray:
        """(layers, heads, tgt words, src words), without `</s>`: see `pieces.word_matrix`."""
        return word_matrix(self.weights, self.src_words, self.tgt_words, reading)


def _spelt(pieces: Sequence[str], groups: np.ndarray) -> list[str]:
    return [spell(pieces[int(i)] for i in np.flatnonzero(group)) for group in groups.T]


def _layers_and_heads(values: np.ndarray) -> tuple[int, ...]:
    """The sizes of a trace before (tgt_len,) or (tgt_len, src_len)."""
    return values.shape[: -2 if values.ndim in (2, 4) else -1]


def _check_index(kind: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise UsageError(f"no {kind} {index + 1} of {count} (Python's {index}: it begins at 0)")


def _units(words: Sequence[int]) -> str:
    numbers = [number for number in words if number != NO_WORD]
    return "words" if len(numbers) == len(set(numbers)) else "pieces"
