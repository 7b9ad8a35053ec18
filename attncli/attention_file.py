"""Attention data in a file, .json or .npz: docs/attention-format.md describes both.

A file holds sentences; a sentence its translations, best first; a translation its maps by side.
JSON holds all as nested lists. In .npz the arrays of map `side` of translation j of sentence i are
`i/j/side/weights` and `i/j/side/trace/NAME`, and `header` is the JSON of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile, is_zipfile

import numpy as np

from attncli.attention_map import AttentionMap
from attncli.errors import DataError
from attncli.look import ROWS_AND_COLUMNS, Look
from attncli.run.files import write_atomically

FORMAT = "attncli attention"
VERSION = 1
ENDINGS = (".json", ".npz")


class Arrays(NamedTuple):
    """The numbers of one map."""

    weights: np.ndarray
    trace: Mapping[str, np.ndarray]


def save(looks: Sequence[Sequence[Look]], path: Path) -> None:
    """Writes translations of sentences in the format of the file name's ending, whole or not."""
    if path.suffix.lower() == ".json":
        text = to_json(looks) + "\n"
        write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
        return
    arrays = {}
    for i, translations in enumerate(looks):
        for j, one in enumerate(translations):
            for side, entry in one.maps.items():
                at = f"{i}/{j}/{side}/"
                arrays[at + "weights"] = entry.weights
                arrays |= {f"{at}trace/{name}": part for name, part in entry.trace.items()}
    header = json.dumps(_plain(looks, lambda entry: {}), ensure_ascii=False)

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, header=np.array(header), **arrays)

    write_atomically(path, write)


def load(path: str | Path) -> list[list[Look]]:
    """What `save` wrote.

    Raises:
        DataError: no such file, or not one of these.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise DataError(f"{path}: name a .json or .npz file, as visualize -o writes them")
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        if path.suffix.lower() == ".json":
            return from_json(path.read_text(encoding="utf-8"))
        if not is_zipfile(path):
            raise DataError("not a file of attention: no .npz archive")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file if name != "header"}
            header = json.loads(str(file["header"]))
            return _looks(header, lambda facts, at: _stored(arrays, at))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (OSError, BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        raise DataError(f"{path}: not a file of attention: {error}") from error


def to_json(looks: Sequence[Sequence[Look]]) -> str:
    """Translations of sentences as one line of JSON."""
    return json.dumps(_plain(looks, _listed_arrays), ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> list[list[Look]]:
    """What `to_json` wrote.

    Raises:
        DataError: not such a text, or parts that do not fit each other.
    """
    try:
        return _looks(json.loads(text), lambda facts, at: _read_arrays(facts))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"not attention in JSON: {error}") from error


def _stored(arrays: Mapping[str, np.ndarray], at: str) -> Arrays:
    start = at + "trace/"
    trace = {name.removeprefix(start): v for name, v in arrays.items() if name.startswith(start)}
    return Arrays(arrays[at + "weights"], trace)


def _listed_arrays(entry: AttentionMap) -> dict[str, object]:
    trace = {name: _listed(values) for name, values in entry.trace.items()}
    return {"weights": _listed(entry.weights), "trace": trace}


def _read_arrays(facts: Mapping[str, Any]) -> Arrays:
    trace = {name: np.array(values, dtype=float) for name, values in facts["trace"].items()}
    return Arrays(np.array(facts["weights"], dtype=float), trace)


def _plain(
    looks: Sequence[Sequence[Look]], arrays: Callable[[AttentionMap], Mapping[str, object]]
) -> dict[str, object]:
    sentences = [
        [
            {
                "source": one.source,
                "text": one.text,
                "how": one.how,
                "score": one.score,
                "maps": {side: _header(m) | dict(arrays(m)) for side, m in one.maps.items()},
            }
            for one in translations
        ]
        for translations in looks
    ]
    return {"format": FORMAT, "version": VERSION, "sentences": sentences}


def _header(entry: AttentionMap) -> dict[str, object]:
    return {
        "mechanism": entry.mechanism,
        "run": entry.run,
        "part": entry.part,
        "src": list(entry.src),
        "tgt": list(entry.tgt),
        "src_words": [int(number) for number in entry.src_words],
        "tgt_words": [int(number) for number in entry.tgt_words],
        "links": None if entry.links is None else [[int(i), int(j)] for i, j in entry.links],
    }


def _looks(
    plain: Mapping[str, Any], arrays: Callable[[Mapping[str, Any], str], Arrays]
) -> list[list[Look]]:
    if (plain["format"], plain["version"]) != (FORMAT, VERSION):
        raise ValueError(f"format {plain['format']!r} version {plain['version']!r}")
    return [
        [
            Look(
                _text(facts["source"]),
                _text(facts["text"]),
                facts["how"],
                float(facts["score"]),
                {
                    side: _map(side, entry, arrays(entry, f"{i}/{j}/{side}/"))
                    for side, entry in facts["maps"].items()
                },
            )
            for j, facts in enumerate(translations)
        ]
        for i, translations in enumerate(plain["sentences"])
    ]


def _map(side: str, facts: Mapping[str, Any], arrays: Arrays) -> AttentionMap:
    links, weights = facts["links"], arrays.weights
    return AttentionMap(
        src=[_text(piece) for piece in facts["src"]],
        tgt=[_text(piece) for piece in facts["tgt"]],
        # an empty side leaves nested lists too flat to tell the shape
        weights=weights.reshape(*weights.shape[:2], len(facts["tgt"]), len(facts["src"])),
        src_words=facts["src_words"],
        tgt_words=facts["tgt_words"],
        links=None if links is None else [(src, tgt) for src, tgt in links],
        trace=arrays.trace,
        mechanism=facts["mechanism"],
        run=facts["run"],
        part=facts["part"],
        sides=ROWS_AND_COLUMNS[side],
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text is expected")
    return value


def _listed(values: np.ndarray) -> object:
    """Nested lists with the shortest digits that give the numbers back; null where not finite."""
    exact = values.astype(str).astype(np.float64).astype(object)
    exact[~np.isfinite(values)] = None
    return exact.tolist()
