"""The directory of one experiment: recipe, codec, checkpoints, metrics; movable and resumable."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from torch import Tensor

from attncli.errors import RunError, UsageError, suggestion
from attncli.recipe import Recipe
from attncli.run import metrics_file
from attncli.run.curves import Curves, Written
from attncli.run.environment import environment
from attncli.run.files import (
    Facts,
    read_json,
    read_tensors,
    write_atomically,
    write_json,
    write_tensors,
)

if sys.platform != "win32":
    import fcntl


@dataclass(frozen=True)
class Run:
    """One run directory. All that it needs lies inside it."""

    path: Path

    @classmethod
    def create(cls, root: Path, name: str, *, dated: bool = True) -> Run:
        """A new directory root/DATE-name, numbered where that exists; root/name if not `dated`.

        Raises:
            UsageError: not dated, and the name is a path.
            RunError: not dated, and there is something of that name.
        """
        plain = re.sub(r"[^\w.+-]+", "-", name).strip("-.") or "run"
        if not dated and Path(name).name != name:
            raise UsageError(f"'{name}' is a path, not a name (try '{plain}', and --runs FOLDER)")
        now = datetime.now(UTC)
        first = f"{now.astimezone():%Y-%m-%d}-{plain}" if dated else plain
        path, number = root / first, 1
        while True:
            try:
                path.mkdir(parents=True)
                break
            except FileExistsError:
                if not dated:
                    what = f"{path} exists; resume it with --resume {path}, or give another name"
                    raise RunError(what) from None
                number += 1
                path = root / f"{first}-{number}"
            except OSError as error:
                raise RunError(f"{path}: cannot be made: {error.strerror}") from None
        run = cls(path)
        run.begin({"created": now.isoformat(timespec="microseconds"), **environment()})
        return run

    @classmethod
    def open(cls, path: str | Path, root: Path = Path("runs")) -> Run:
        """The run in that directory, or of that name within `root`.

        Raises:
            RunError: none there, with the closest name or the newest run, if there are runs.
        """
        for candidate in (Path(path), root / path):
            if cls(candidate)._facts_file.is_file():
                return cls(candidate)
        runs = _runs(root)
        hint = suggestion(Path(path).name, [run.path.name for run in runs])
        also = f"; the newest is {runs[-1].path}" if runs else f", nor any other in {root}/ yet"
        what = "holds no run" if Path(path).is_dir() else "no such run"
        raise RunError(f"{path}: {what}{hint or also}")

    @classmethod
    def newest(cls, root: Path = Path("runs")) -> Run:
        """The run that was begun last, of those that have a checkpoint.

        Raises:
            RunError: there is none.
        """
        runs = [run for run in _runs(root) if run.states()]
        if not runs:
            raise RunError(f"no run in {root}/ yet; `attncli train` makes one, --run names another")
        return runs[-1]

    @property
    def _facts_file(self) -> Path:
        return self.path / "environment.json"

    @property
    def recipe_file(self) -> Path:
        """The resolved recipe."""
        return self.path / "recipe.yaml"

    @property
    def codec(self) -> Path:
        """The folder of the subword models."""
        return self.path / "codec"

    def begin(self, facts: Facts) -> None:
        """Writes its first facts, which make a run of the folder."""
        write_json(self._facts_file, facts)

    def discard_if_untrained(self) -> None:
        """Removes the folder where no step was taken, so that its name is free again."""
        if not self.metrics_file.exists() and not self.states():
            shutil.rmtree(self.path, ignore_errors=True)

    def write_recipe(self, recipe: Recipe) -> None:
        """Keeps the resolved recipe, with the component files that it names."""
        write_atomically(self.recipe_file, recipe.dump)

    def recipe(self) -> Recipe:
        """The recipe of this run.

        Raises:
            RunError: the run was cut off before it had one.
        """
        if not self.recipe_file.is_file():
            raise RunError(f"{self.path}: no recipe.yaml; the run was cut off as it began")
        return Recipe.load_resolved(self.recipe_file)

    def facts(self) -> Facts:
        """When and where the run was begun, and what was noted since."""
        return read_json(self._facts_file)

    def note(self, facts: Mapping[str, object]) -> None:
        """Adds facts, such as the hashes of the data; the same name is overwritten."""
        write_json(self._facts_file, {**self.facts(), **facts})

    def states(self) -> list[str]:
        """The names of the checkpoints, in the order of the alphabet."""
        return sorted(path.stem for path in (self.path / "checkpoints").glob("*.safetensors"))

    def has_state(self, name: str) -> bool:
        """Whether there is a checkpoint of that name."""
        return self._state_file(name).is_file()

    def save_state(
        self, name: str, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
    ) -> None:
        """Writes a checkpoint, tensors and JSON facts in one file, which replaces the old one."""
        path = self._state_file(name)
        path.parent.mkdir(exist_ok=True)
        write_tensors(path, tensors, facts)

    def served(self) -> str:
        """The checkpoint that served best in validation."""
        best = "best" if self.has_state("best") else "last"
        return str(self.facts().get("use", best))

    def digest(self) -> str | None:
        """A hash of the checkpoint that serves: a run that was trained on is another one.

        A copy without weights has noted it; None where there is neither.
        """
        path = self._state_file(self.served())
        if not path.is_file():
            noted = self.facts().get("weights")
            return None if noted is None else str(noted)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]

    def load_state(self, name: str, device: str = "cpu") -> tuple[dict[str, Tensor], Facts]:
        """The tensors and facts of a checkpoint.

        Raises:
            UsageError: no such checkpoint among those that there are.
            RunError: there are none, or it is damaged.
        """
        states = self.states()
        if not states and self.digest():
            raise RunError(f"{self.path}: a copy without weights; take the run it was copied from")
        if not states:
            raise RunError(
                f"{self.path}: no checkpoint '{name}' yet; it has not been trained so far"
            )
        if name not in states:
            there = ", ".join(states)
            hint = suggestion(name, states)
            raise UsageError(f"{self.path}: no checkpoint '{name}'{hint} (there is {there})")
        return read_tensors(self._state_file(name), device)

    def remove_state(self, name: str) -> None:
        """Removes a checkpoint, if it is there."""
        self._state_file(name).unlink(missing_ok=True)

    def _state_file(self, name: str) -> Path:
        return self.path / "checkpoints" / f"{name}.safetensors"

    @property
    def metrics_file(self) -> Path:
        """One JSON object a line."""
        return self.path / "metrics.jsonl"

    def append_metrics(self, record: Mapping[str, object]) -> None:
        """Adds one line to metrics.jsonl."""
        metrics_file.append(self.metrics_file, record)

    def metrics(self) -> list[Facts]:
        """Every record written so far.

        Raises:
            RunError: a line is no JSON.
        """
        return metrics_file.read(self.metrics_file)

    def rewind_metrics(self, step: int) -> None:
        """Forgets records after `step`: what resuming from there will write again."""
        metrics_file.rewind(self.metrics_file, step)

    def curves(self, step: int) -> Curves:
        """What draws the numbers of every record, from `step` on."""
        return Written(self.path, step)

    def finish(self, why: str) -> None:
        """Marks the run as finished, and says why."""
        write_json(self.path / "finished.json", {"why": why})

    def unfinish(self) -> None:
        """Takes the mark away: the run is trained on."""
        (self.path / "finished.json").unlink(missing_ok=True)

    def finished(self) -> str | None:
        """Why the run has finished; None while it has not."""
        path = self.path / "finished.json"
        return str(read_json(path)["why"]) if path.exists() else None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps a second process from writing here; a killed process leaves no lock behind.

        Raises:
            RunError: another process holds it.
        """
        with (self.path / ".lock").open("a") as file:
            if sys.platform != "win32":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    what = f"{self.path}: another process is training this run; stop it first"
                    raise RunError(what) from None
            yield


def _runs(root: Path) -> list[Run]:
    """The runs below `root`, the newest last, by the time noted in them: a copy keeps its place."""
    found = []
    for path in root.glob("*/environment.json"):
        run = Run(path.parent)
        try:
            found.append((str(run.facts().get("created")), run.path.name, run))
        except RunError:
            continue  # a damaged neighbour: naming it says what is wrong with it
    return [run for _, _, run in sorted(found, key=lambda entry: entry[:2])]
