"""Jobs done at once in this process, and small comparisons made of them."""

from __future__ import annotations

from attncli.compare.comparison import compare
from attncli.compare.job import Job, work
from attncli.compare.request import Request
from attncli.compare.result import Comparison
from attncli.compare.selection import select
from attncli.errors import AttnError
from attncli.recipe import Recipe
from tests.running import SMALL

TINY = [*SMALL, "train.epochs=1", "train.average=0"]


class Inline:
    """Does a job when it is started, and remembers which."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def start(self, job: Job) -> Inline:
        self.runs.append(job.run)
        try:
            self.ended = work(job)
        except AttnError as error:
            job.log.write_text(f"{error}\n", encoding="utf-8")
            self.ended = error.exit_code
        return self

    def code(self) -> int:
        return self.ended

    def stop(self) -> None:
        """Nothing is ever under way."""


def reader(corpus, *sets: str):
    """Reads recipes with the small settings over them."""
    flags = {"--data": ("data.name", str(corpus))}
    return lambda path: Recipe.read(path, flags=flags, sets=[*TINY, *sets])


def compared(words, corpus, root, engine=None, read=None, **more) -> Comparison:
    """A comparison of small recipes."""
    candidates = select([str(word) for word in words], read or reader(corpus), root, print)
    request = Request("test", root, threads=1, **more)
    found = compare(candidates, request, engine or Inline(), lambda line: None)
    assert found is not None
    return found
