"""A corpus by name: the embedded one, a folder, single files, or a data set of the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from attncli.errors import DataError, NoDataError, UsageError, suggestion
from attncli.registry import Count
from attncli.text.documents import Concatenated, Line, Paragraphs, by_blank_lines, concatenated
from attncli.text.embedded.generated import EMBEDDED, EMBEDDED_DOCUMENTS, GENERATED
from attncli.text.files import Files
from attncli.text.hub import loaded
from attncli.text.pair import Pair
from attncli.text.sources import Corpus, Generated, Split

BLANK = "blank"
PLACE = "ATTNCLI_DATA"  # names a folder of folders of text
NO_DOCUMENTS = (
    "reads the sentences before each, and the data has no documents (set data.documents to "
    "`blank` or to a column)"
)
HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w.-]+(:.+)?|:.+)")  # owner/name, name:configuration
HUB_NAMES = {"multi30k": "bentrevett/multi30k"}


class Data:
    """Which text: its name, its direction, and which pairs train.

    Options:
        name: `embedded`, `embedded-documents`, `embedded-names`, `sorting`, a folder, a folder
            within $ATTNCLI_DATA, or a data set of the hub
        src: the source language: the ending of its files, or its column
        tgt: the target language, likewise
        train: training pairs: a path without its language ending, a .tsv, a .jsonl; null: by name
        valid: validation pairs, likewise
        test: test pairs, likewise
        max_length: pairs with more words than this on either side do not train; 0 sets no limit
        seed: of the embedded corpus
        documents: `blank` lines on both sides, or the column with the id; null: single sentences
        concatenate: previous sentences of its document put before each source sentence
        separator: what stands between them
    """

    def __init__(
        self,
        *,
        name: str = EMBEDDED,
        src: str = "en",
        tgt: str = "de",
        train: str | None = None,
        valid: str | None = None,
        test: str | None = None,
        max_length: Count = 100,
        seed: int = 1,
        documents: str | None = None,
        concatenate: Count = 0,
        separator: str = "|",
    ) -> None:
        if src == tgt:
            raise UsageError(f"from {src} into {tgt}: data.src and data.tgt (--src, --tgt) differ")
        if documents is not None and name in GENERATED and train is None:
            raise UsageError(
                f"data.documents: {name} has neither blank lines nor columns (leave it out; "
                f"{EMBEDDED_DOCUMENTS} has documents)"
            )
        self.name, self.src, self.tgt = name, src, tgt
        self.paths = {"train": train, "valid": valid, "test": test}
        self.max_length = max_length
        self.seed = seed
        self.files = Files(src, tgt, None if documents == BLANK else documents)
        self.concatenate, self.separator = concatenate, separator
        self.documented = documents is not None or name == EMBEDDED_DOCUMENTS
        self.by_blank_lines = documents == BLANK
        if concatenate and not self.documented:
            raise UsageError(f"data.concatenate {NO_DOCUMENTS}")

    def lines(self, windows: Iterable[Sequence[str]]) -> Iterator[list[Line]]:
        """Lines to translate as training has read its text, with blank ones between documents."""
        return concatenated(by_blank_lines(windows), self.concatenate, self.separator)

    def load(self) -> Corpus:
        """The corpus as a model reads it, opened but not yet read.

        Raises:
            DataError: nothing of that name.
            UsageError: the embedded corpus has no such language.
        """
        return self.open_all().each(self.in_context)

    def open_all(self) -> Corpus:
        """The corpus sentence by sentence, without those before it; raises what `load` does."""
        return self._found().each(self.in_documents)

    def in_documents(self, split: Split) -> Split:
        """Pairs with the documents that blank lines make of them, where they do."""
        return Paragraphs(split) if self.by_blank_lines else split

    def in_context(self, split: Split) -> Split:
        """Pairs with the sentences of their document before them that `concatenate` asks for."""
        if not self.concatenate:
            return split
        return Concatenated(split, self.concatenate, self.separator)

    def _found(self) -> Corpus:
        given = {part: self.files.open(path) for part, path in self.paths.items() if path}
        found = Corpus(None, None, {}) if "train" in given else self._by_name()
        tests = found.tests
        if "test" in given:
            tests = {Path(str(self.paths["test"])).name: given["test"]}
        train, valid = given.get("train", found.train), given.get("valid", found.valid)
        return Corpus(train, valid, tests, found.left_out)

    def _by_name(self) -> Corpus:
        if self.name in GENERATED:
            return self._embedded(*GENERATED[self.name])
        folder = self._folder()
        if folder is not None:
            return self.files.folder(folder)
        return self._of_hub(HUB_NAMES.get(self.name, self.name))

    def _embedded(self, splits: Iterable[str], make: Callable[..., Iterator[Pair]]) -> Corpus:
        if {self.src, self.tgt} != {"en", "de"}:
            raise UsageError(f"the embedded corpus is en and de, not {self.src} and {self.tgt}")
        parts: dict[str, Split] = {
            name: Generated(
                f"{self.name} {name}", partial(make, name, seed=self.seed), self.src == "de"
            )
            for name in splits
        }
        tests = {name: split for name, split in parts.items() if name.startswith("test")}
        return Corpus(parts["train"], parts["valid"], tests)

    def _folder(self) -> Path | None:
        places = [Path(self.name)]
        if root := os.environ.get(PLACE):
            if not Path(root).is_dir():
                raise DataError(f"{PLACE}: no folder {root}; name one that is there, or unset it")
            places.append(Path(root) / self.name)
        return next((place for place in places if place.is_dir()), None)

    def _of_hub(self, name: str) -> Corpus:
        if not HUB_NAME.fullmatch(name):
            known = [*GENERATED, *HUB_NAMES, *_folders()]
            unset = "" if os.environ.get(PLACE) else ", which is not set"
            raise NoDataError(
                f"no data '{self.name}'{suggestion(self.name, known)} (a folder, a name within "
                f"$ATTNCLI_DATA{unset}, 'embedded', or a hub name such as bentrevett/multi30k)"
            )
        path, _, configuration = name.partition(":")
        return self.files.rows(name, loaded(path, None, configuration or None))


def _folders() -> Iterator[str]:
    root = os.environ.get(PLACE)
    if root:
        yield from sorted(path.name for path in Path(root).iterdir() if path.is_dir())
