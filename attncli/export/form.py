"""A trained model in the form of another program: a folder that belongs to the weights in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

from attncli.errors import RunError, UsageError
from attncli.experiment import Loaded
from attncli.search import Search
from attncli.translate import Translator

FLOAT = "float32"
ORIGIN = "attncli.json"  # what was exported


class Form(ABC):
    """Writes a model for another program, and translates with that program."""

    name: ClassVar[str]
    quantizations: ClassVar[tuple[str, ...]]  # how weights may be stored
    files: ClassVar[tuple[str, ...]] = ()  # which every export has, whatever it lists
    version: ClassVar[int] = 1  # of what these files take and give

    @abstractmethod
    def check(self, loaded: Loaded) -> None:
        """Looks for what the program is known not to have.

        Raises:
            UsageError: it cannot express the model.
        """

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
            UsageError: there is something else in the folder, or see `check` and `fill`.
            RunError: the model's weights are no numbers.
        """
        if quantization not in self.quantizations:
            raise UsageError(
                f"--quantization {quantization}: {self.name} has {', '.join(self.quantizations)}"
            )
        if folder.exists() and not self._may_replace(folder):
            raise UsageError(f"{folder}: there is something else there (give another --out)")
        if not all(bool(part.isfinite().all()) for part in loaded.model.parameters()):
            raise RunError(
                f"{loaded.run.path}: the model's weights are no numbers: its training has diverged"
            )
        self.check(loaded)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(mkdtemp(".part", folder.name + ".", folder.parent))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(folder)) from error
        try:
            self.fill(loaded, partial, quantization)
            sizes = {path.name: path.stat().st_size for path in sorted(partial.iterdir())}
            origin = {
                "form": self.name,
                "version": self.version,
                "files": list(sizes),
                "bytes": list(sizes.values()),
                "checkpoint": loaded.state,
                "quantization": quantization,
                "tensors": digest(loaded),
            }
            (partial / ORIGIN).write_text(json.dumps(origin, indent=1), encoding="utf-8")
            partial.chmod(0o755)
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
            RunError: a file is damaged.
        """
        command = f"attncli export {loaded.run.path} --to {self.name} --checkpoint {loaded.state}"
        origin = self._origin(folder)
        needed = [*origin.get("files", [ORIGIN]), *self.files]
        if not all((folder / name).exists() for name in needed):
            self.check(loaded)
            raise UsageError(f"{folder}: nothing exported there, or not all of it ({command})")
        for name, size in zip(origin["files"], origin.get("bytes", ()), strict=False):
            if (folder / name).stat().st_size != size:
                raise RunError(f"{folder / name}: damaged (export again: {command})")
        if origin.get("version", 1) != self.version:
            raise UsageError(f"{folder}: of another version of attncli (export again: {command})")
        if origin["tensors"] != digest(loaded):
            raise UsageError(
                f"{folder}: exported from other weights than those of {loaded.state} "
                f"(export again: {command})"
            )
        return self.open(loaded, search, folder, sentences, seed)

    def _origin(self, folder: Path) -> dict[str, Any]:
        """What is kept of an export of this form; empty where there is none."""
        if not (folder / ORIGIN).is_file():
            return {}
        try:
            found: dict[str, Any] = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(
                f"{folder / ORIGIN}: damaged (remove {folder}, and export again)"
            ) from error
        return found if found.get("form") == self.name else {}

    def _may_replace(self, folder: Path) -> bool:
        """Whether nothing is there but an export of this form."""
        ours = {ORIGIN, *self._origin(folder).get("files", [])}
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
        return not there or (ORIGIN in there and there <= ours)


def digest(loaded: Loaded) -> str:
    """A hash of the model's tensors, by which an export that is out of date is found."""
    found = hashlib.sha256()
    for name, part in loaded.model.state_dict().items():
        found.update(name.encode())
        found.update(part.detach().float().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]
