"""Pairs as text files, in the form in which a folder is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attncli.errors import DataError
from attncli.text.pair import Pair

BLANK = Pair("", "", ())


def write_pairs(
    folder: Path, splits: Mapping[str, Iterable[Pair]], languages: tuple[str, str]
) -> list[Path]:
    """Writes SPLIT.en, SPLIT.de and the links, SPLIT.align in Pharaoh format; returns the files.

    A blank line stands between documents, on both sides.

    Raises:
        DataError: the folder cannot be written, or has one of these files.
    """
    written = []
    endings = (*languages, "align")
    files = [folder / f"{split}.{ending}" for split in splits for ending in endings]
    if there := next((path for path in files if path.exists()), None):
        raise DataError(f"{there}: exists; give another folder")
    for split, pairs in splits.items():
        lines = list(_divided(pairs))
        columns = {
            languages[0]: [pair.src for pair in lines],
            languages[1]: [pair.tgt for pair in lines],
            "align": [" ".join(f"{s}-{t}" for s, t in pair.links or ()) for pair in lines],
        }
        for ending, column in columns.items():
            path = folder / f"{split}.{ending}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(f"{line}\n" for line in column), "utf-8", newline="\n")
            except OSError as error:
                raise DataError(f"{path}: {error.strerror}; give another folder") from None
            written.append(path)
    return written


def _divided(pairs: Iterable[Pair]) -> Iterator[Pair]:
    document = None
    for number, pair in enumerate(pairs):
        if number and pair.document != document:
            yield BLANK
        document = pair.document
        yield pair
