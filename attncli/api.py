"""The Python interface: load a run once, translate as often as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attncli import machine
from attncli.experiment import load
from attncli.forced import Forced, force
from attncli.run import Run
from attncli.search import Search
from attncli.text.corpus import Data
from attncli.text.pair import Pair
from attncli.translate import Translation, Translator


class Model:
    """A trained model, ready to use."""

    def __init__(self, run: str | Path, *, checkpoint: str = "", device: str = "cpu") -> None:
        self.loaded = load(Run.open(run), checkpoint, machine.prepare(device))

    def translate(self, lines: Sequence[str]) -> list[str]:
        """The best translation of each line; blank lines stand between documents."""
        return [one.text for one in self.look(lines, look=False)]

    def look(
        self, lines: Sequence[str], *, search: Search | None = None, look: bool = True
    ) -> list[Translation]:
        """All hypotheses of each line, with scores and what was looked at."""
        chosen: Search = search or self.loaded.recipe.build("search")
        data: Data = self.loaded.recipe.build("data")
        return list(Translator([self.loaded], chosen).stream(data.lines([lines]), look))

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[Forced]:
        """Log-probabilities of given translations, and what was looked at."""
        return force(self.loaded, [Pair(src, tgt) for src, tgt in pairs], look=True)
