"""P-values kept in the comparison's folder, so that a table is drawn again without new trials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from attncli.compare.evaluation import Measuring
from attncli.compare.records import digest_of
from attncli.compare.significance import PValues, paired
from attncli.run.files import write_json


class Kept:
    """The paired tests of one comparison; a context manager that writes what is new."""

    def __init__(self, path: Path, how: Measuring) -> None:
        self.path = path
        self.how = how
        self.known: dict[str, list[float]] = {}
        if path.is_file():
            self.known = json.loads(path.read_text(encoding="utf-8"))
        self.used: dict[str, list[float]] = {}

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *raised: object) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, self.used)

    def paired(
        self, baseline: Sequence[str], system: Sequence[str], references: Sequence[str]
    ) -> PValues:
        """The p-values of two systems, from what is kept or by new trials."""
        how = [self.how.tokenize, self.how.lowercase]
        key = digest_of({"lines": [list(baseline), list(system), list(references)], "how": how})
        if key not in self.known:
            found = paired(baseline, system, references, self.how)
            self.known[key] = [found.bootstrap, found.randomisation]
        self.used[key] = self.known[key]
        return PValues(*self.known[key])
