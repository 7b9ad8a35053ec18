"""A run as the other processes of a training see it: one process writes, they read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from torch import Tensor

from attncli.recipe import Recipe
from attncli.run.curves import Curves, Unwritten
from attncli.run.run import Run


class Onlooker(Run):
    """Reads what is there and writes nothing."""

    def write_recipe(self, recipe: Recipe) -> None:
        """Leaves the recipe as it is."""

    def note(self, facts: Mapping[str, object]) -> None:
        """Leaves the facts as they are."""

    def save_state(
        self, name: str, tensors: Mapping[str, Tensor], facts: Mapping[str, object]
    ) -> None:
        """Keeps no checkpoint."""

    def remove_state(self, name: str) -> None:
        """Removes no checkpoint."""

    def append_metrics(self, record: Mapping[str, object]) -> None:
        """Adds no line."""

    def rewind_metrics(self, step: int) -> None:
        """Forgets no line."""

    def curves(self, step: int) -> Curves:
        """Curves that nobody draws."""
        return Unwritten()

    def finish(self, why: str) -> None:
        """Leaves the mark to the process that writes."""

    def unfinish(self) -> None:
        """Likewise."""

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Needs no lock."""
        yield
