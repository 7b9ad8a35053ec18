"""Which files hold the pairs of two languages: named, or found in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attncli.errors import DataError
from attncli.text.hub import loaded
from attncli.text.sources import Corpus, JsonLines, Rows, Split, Table, TwoFiles

VALID_NAMES = ("valid", "validation", "val", "dev")
LINKS = ("align", "links", "gold")
PAIRED = (".tsv", ".jsonl", ".parquet")  # endings of files that hold pairs


def kind(path: Path) -> str:
    """The ending of a file, that within .gz where it is packed."""
    return Path(path.name.removesuffix(".gz")).suffix


@dataclass(frozen=True)
class Files:
    """Opens text from one language into another.

    `src` and `tgt` are endings of plain files, or columns of all others; `document` is the column
    with the document's id, where there is one.
    """

    src: str
    tgt: str
    document: str | None = None

    def open(self, path: str | Path) -> Split:
        """Pairs from a path: a .tsv, a .jsonl, a .parquet, or two files without their endings.

        Raises:
            DataError: there is no such file, with what was looked for.
        """
        split = self._in_file(Path(path)) or self._two_files(Path(path))
        if split is None:
            raise DataError(
                f"{path}: no such data; looked for {path}.{self.src} and {path}.{self.tgt} "
                "(.gz too); .tsv, .jsonl and .parquet files are named whole"
            )
        return split

    def _in_file(self, path: Path) -> Split | None:
        if not path.is_file():
            return None
        ending = kind(path)
        if ending in (".tsv", ".txt"):
            return Table(path, self.src, self.tgt, self.document)
        if ending in (".jsonl", ".json"):
            return JsonLines(path, self.src, self.tgt, self.document)
        if ending == ".parquet":
            rows = loaded("parquet", str(path))["train"]
            return Rows(str(path), rows, self.src, self.tgt, self.document)
        raise DataError(
            f"{path}: no .tsv, .jsonl or .parquet of pairs; of two files, name both (`attncli score"
            f" {path} TRANSLATIONS`) or, elsewhere, what they share ({path.with_suffix('')})"
        )

    def _two_files(self, stem: Path) -> Split | None:
        sides = [_existing(stem, language) for language in (self.src, self.tgt)]
        if sides[0] is None or sides[1] is None:
            return None
        if self.document is not None:
            raise DataError(
                f"{stem}: plain files have no column '{self.document}'; data.documents=blank takes "
                "blank lines on both sides for the ends of documents"
            )
        links = next((found for end in LINKS if (found := _existing(stem, end))), None)
        return TwoFiles(sides[0], sides[1], links)

    def folder(self, folder: Path) -> Corpus:
        """The parts that a folder holds, by the names of its files.

        Raises:
            DataError: none of them, or training text in one language only.
        """
        stems = sorted({_stem(path, self.src) for path in folder.iterdir() if path.is_file()})
        parts = {stem: split for stem in stems if (split := self._named(folder, stem))}
        alone = {
            stem: f"{path}: no {stem}.{other} beside it"
            for language, other in ((self.src, self.tgt), (self.tgt, self.src))
            for stem in sorted({_stem(path, language) for path in folder.iterdir()})
            if stem not in parts and (path := _existing(folder / stem, language))
        }
        if "train" in alone:
            raise DataError(f"{alone['train']}; --src and --tgt choose")
        if "train" not in parts and any(folder.rglob("*.parquet")):
            return self.rows(str(folder), loaded(str(folder), None))
        tests = {stem: split for stem, split in parts.items() if stem.startswith("test")}
        named = [name for name in VALID_NAMES if name in parts]
        valid = parts[named[0]] if named else None
        if not parts:
            raise DataError(
                f"{folder}: no train.{self.src} and train.{self.tgt}, val.*, test*.* there "
                "(nor .tsv, .jsonl, .parquet); --src and --tgt choose the endings"
            )
        left_out = [said for stem, said in alone.items() if stem.startswith(("test", *VALID_NAMES))]
        left_out += [f"{parts[name].origin}: {named[0]} is validated on" for name in named[1:]]
        return Corpus(parts.get("train"), valid, tests, left_out)

    def _named(self, folder: Path, stem: str) -> Split | None:
        files = [folder / f"{stem}{end}" for end in PAIRED]
        files += [file.with_name(file.name + ".gz") for file in files[:2]]
        whole = next((file for file in files if file.is_file()), None)
        return self._in_file(whole) if whole else self._two_files(folder / stem)

    def rows(self, name: str, parts: Any) -> Corpus:
        """The parts of a data set that `datasets` has opened."""
        splits = {
            str(part): Rows(f"{name} {part}", parts[part], self.src, self.tgt, self.document)
            for part in parts
        }
        tests: dict[str, Split] = {n: s for n, s in splits.items() if n.startswith("test")}
        valid = next((splits[n] for n in VALID_NAMES if n in splits), None)
        return Corpus(splits.get("train"), valid, tests)


def _existing(stem: Path, ending: str) -> Path | None:
    for end in (f".{ending}", f".{ending}.gz"):
        if (path := stem.with_name(stem.name + end)).is_file():
            return path
    return None


def _stem(path: Path, language: str) -> str:
    """`train.en-de` of train.en-de.en.gz: all but the language and the compression."""
    name = path.name.removesuffix(".gz")
    if name.endswith(f".{language}"):
        return name.removesuffix(f".{language}")
    return Path(name).stem
