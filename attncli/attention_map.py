"""What a model looked at while it wrote one sentence: the one shape that is stored and drawn.

As JSON (`to_json`) a map is one object: `format` "attncli attention map"; `version` 1; `mechanism`,
`run` and `part` (for titles); `src` and `tgt` (lists of pieces); `src_words` and `tgt_words` (the
word of each piece, -1 for `</s>`); `links` ([source word, target word] pairs, or null); `weights`
(lists by layer, head, target, source); `trace` (name to nested lists). A number that is not finite
is null. As .npz (`save`), the arrays of map 0 are `0/weights` and `0/trace/NAME`, and `header` is a
JSON list of the rest of each map.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from attncli.errors import DataError, UsageError
from attncli.pieces import NO_WORD, Reading, membership, spell, word_matrix

Link = tuple[int, int]

CENTRE = "centre"
FORMAT = "attncli attention map"
VERSION = 1


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """The attention of every layer and head over one sentence pair.

    src, tgt: the pieces of each side, `</s>` included where the model read or wrote it.
    weights: (layers, heads, tgt_len, src_len); row t was used to write piece t.
    src_words, tgt_words: the word of each piece, counted from 0 without a gap; -1 for `</s>`.
    links: gold links (source word, target word), counted from 0; None where there is no gold.
    trace: what else the mechanism shows, each (tgt_len,) or (tgt_len, src_len), or the same after
        (layers, heads). "centre" is a position in the source, counted in pieces from 0.
    mechanism, run, part: who looked, for titles; `part` names the layer and head, once chosen.

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

    def __post_init__(self) -> None:
        size = (len(self.tgt), len(self.src))
        sizes = f"{size[0]} target and {size[1]} source pieces"
        if self.weights.ndim != 4 or self.weights.shape[2:] != size:
            raise DataError(f"attention map: weights {self.weights.shape} do not fit {sizes}")
        for name, values in self.trace.items():
            expected = size if values.ndim in (2, 4) else size[:1]
            if values.ndim not in (1, 2, 3, 4) or values.shape[-len(expected) :] != expected:
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
        return replace(chosen, part=f"layer {layer + 1}, head {head + 1}")

    def mean(self, layer: int | None = None) -> AttentionMap:
        """The mean over the heads of one layer, or over all heads of all layers.

        Raises:
            UsageError: no such layer, with those that exist.
        """
        if layer is None:
            chosen = self._select((slice(None), slice(None)), is_mean=True)
            return replace(chosen, part="mean of all layers and heads")
        _check_index("layer", layer, self.layers)
        chosen = self._select((slice(layer, layer + 1), slice(None)), is_mean=True)
        return replace(chosen, part=f"layer {layer + 1}, mean of its heads")

    @property
    def title(self) -> str:
        """Who looked, in one line: what is known of mechanism, part and run."""
        return " · ".join(fact for fact in (self.mechanism, self.part, self.run) if fact)

    def gold_cells(self) -> set[tuple[int, int]]:
        """(target piece, source piece) of every gold link, at the pieces of both words."""
        links = set(self.links or ())
        return {
            (t, s)
            for t, tgt_word in enumerate(self.tgt_words)
            for s, src_word in enumerate(self.src_words)
            if (src_word, tgt_word) in links
        }

    def _select(self, chosen: tuple[slice, slice], *, is_mean: bool) -> AttentionMap:
        def pick(values: np.ndarray) -> np.ndarray:
            return values[chosen].mean((0, 1), keepdims=True) if is_mean else values[chosen]

        trace = {
            name: pick(values) if values.ndim > 2 else values for name, values in self.trace.items()
        }
        return replace(self, weights=pick(self.weights), trace=trace)

    def words(self) -> AttentionMap:
        """The same over whole words; `</s>` stays a row and a column of its own.

        Weights are summed over the pieces of a source word and averaged over those of a target
        word; traces are averaged, and a centre is moved to where it falls among the words.
        """
        src_sum, tgt_sum = membership(self.src_words), membership(self.tgt_words)
        src_mean = src_sum / src_sum.sum(0)
        tgt_mean = tgt_sum / tgt_sum.sum(0)
        trace = {}
        for name, values in self.trace.items():
            if values.ndim in (2, 4):
                trace[name] = tgt_mean.T @ values @ src_mean
                continue
            if name == CENTRE:
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

    def to_json(self) -> str:
        """The map as one line of JSON, in the format that the module describes."""
        arrays = {
            "weights": _listed(self.weights),
            "trace": {name: _listed(values) for name, values in self.trace.items()},
        }
        return json.dumps(self._header() | arrays, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> AttentionMap:
        """The map that `to_json` wrote.

        Raises:
            DataError: not such a text, or parts that do not fit each other.
        """
        try:
            facts = json.loads(text)
            weights = np.array(facts["weights"], dtype=float)
            trace = {name: np.array(values, float) for name, values in facts["trace"].items()}
            return cls._from_header(facts, weights, trace)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"not an attention map in JSON: {error}") from error

    def _header(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "mechanism": self.mechanism,
            "run": self.run,
            "part": self.part,
            "src": list(self.src),
            "tgt": list(self.tgt),
            "src_words": [int(number) for number in self.src_words],
            "tgt_words": [int(number) for number in self.tgt_words],
            "links": None if self.links is None else [[int(i), int(j)] for i, j in self.links],
        }

    @classmethod
    def _from_header(
        cls, facts: Mapping[str, Any], weights: np.ndarray, trace: Mapping[str, np.ndarray]
    ) -> AttentionMap:
        if (facts["format"], facts["version"]) != (FORMAT, VERSION):
            raise ValueError(f"format {facts['format']!r} version {facts['version']!r}")
        links = facts["links"]
        return cls(
            src=facts["src"],
            tgt=facts["tgt"],
            # an empty side leaves nested lists too flat to tell the shape
            weights=weights.reshape(*weights.shape[:2], len(facts["tgt"]), len(facts["src"])),
            src_words=facts["src_words"],
            tgt_words=facts["tgt_words"],
            links=None if links is None else [(src, tgt) for src, tgt in links],
            trace=trace,
            mechanism=facts["mechanism"],
            run=facts["run"],
            part=facts["part"],
        )


def save(path: Path, maps: Iterable[AttentionMap]) -> None:
    """Writes maps to one .npz file, in the format that the module describes."""
    arrays: dict[str, np.ndarray] = {}
    headers = []
    for number, entry in enumerate(maps):
        headers.append(entry._header())
        arrays[f"{number}/weights"] = entry.weights
        for name, values in entry.trace.items():
            arrays[f"{number}/trace/{name}"] = values
    arrays["header"] = np.array(json.dumps(headers))
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: Path) -> list[AttentionMap]:
    """The maps of a file that `save` wrote.

    Raises:
        DataError: no such file, or not one of these.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            maps = []
            for number, facts in enumerate(json.loads(str(file["header"]))):
                start = f"{number}/trace/"
                trace = {k.removeprefix(start): file[k] for k in file if k.startswith(start)}
                maps.append(AttentionMap._from_header(facts, file[f"{number}/weights"], trace))
            return maps
    except (OSError, BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        raise DataError(f"{path}: not a file of attention maps: {error}") from error


def _spelt(pieces: Sequence[str], groups: np.ndarray) -> list[str]:
    return [spell(pieces[int(i)] for i in np.flatnonzero(group)) for group in groups.T]


def _check_index(kind: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise UsageError(f"{kind} {index}: there are {count}, counted from 0 to {count - 1}")


def _listed(values: np.ndarray) -> object:
    """Nested lists with the shortest digits that give the numbers back; null where not finite."""
    exact = values.astype(str).astype(np.float64).astype(object)
    exact[~np.isfinite(values)] = None
    return exact.tolist()
