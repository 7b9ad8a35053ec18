"""A trained model in the form of another program: a folder that belongs to the weights in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from attncli.errors import UsageError
from attncli.experiment import Loaded
from attncli.search import Search
from attncli.translate import Translator

FLOAT = "float32"
ORIGIN = "attncli.json"  # what was exported


class Form(ABC):
    """Writes a model for another program, and translates with that program."""

    name: ClassVar[str]
    quantizations: ClassVar[tuple[str, ...]]  # how weights may be stored

    @abstractmethod
    def fill(self, loaded: Loaded, folder: Path, quantization: str) -> None:
        """Writes the model's files into an empty folder, and holds them against the model.

        Raises:
            UsageError: the program is not installed, or cannot express the model.
        """

    @abstractmethod
    def open(
        self, loaded: Loaded, search: Search, folder: Path, sentences: int, seed: int
    ) -> Translator:
        """What translates with the files of a folder.

        Raises:
            UsageError: the program is not installed, or has not what the search asks for.
        """

    def write(self, loaded: Loaded, folder: Path, quantization: str = FLOAT) -> None:
        """Writes the model into `folder`, whole or not at all; an earlier export is replaced.

        Raises:
            UsageError: there is something else in the folder, or see `fill`.
        """
        if quantization not in self.quantizations:
            raise UsageError(
                f"--quantization {quantization}: {self.name} has {', '.join(self.quantizations)}"
            )
        if folder.exists() and not (folder / ORIGIN).is_file():
            raise UsageError(f"{folder}: there is something else there (give another --out)")
        partial = folder.with_name(folder.name + ".part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            self.fill(loaded, partial, quantization)
            origin = {"checkpoint": loaded.state, "quantization": quantization}
            written = json.dumps({**origin, "tensors": digest(loaded)}, indent=1)
            (partial / ORIGIN).write_text(written, encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def translator(
        self, loaded: Loaded, search: Search, folder: Path, *, sentences: int, seed: int = 1
    ) -> Translator:
        """What translates with the model that was written into `folder`.

        Raises:
            UsageError: nothing was exported there or other weights were, or see `open`.
        """
        if not (folder / ORIGIN).is_file():
            raise UsageError(
                f"{folder}: nothing exported there "
                f"(attncli export {loaded.run.path} --to {self.name} writes it)"
            )
        origin = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
        if origin["tensors"] != digest(loaded):
            raise UsageError(
                f"{folder}: exported from other weights than those of {loaded.state} "
                f"(export again: attncli export {loaded.run.path} --to {self.name})"
            )
        return self.open(loaded, search, folder, sentences, seed)


def digest(loaded: Loaded) -> str:
    """A hash of the model's tensors, by which an export that is out of date is found."""
    found = hashlib.sha256()
    for name, part in loaded.model.state_dict().items():
        found.update(name.encode())
        found.update(part.detach().float().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]
