"""The figures of the table: what each is called, where it is read, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attncli.compare.result import Tested, Trained

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Column:
    """One figure. `scale` makes the number that is written of the one that is kept.

    The deviation over seeds stands beside a figure that `varies`.
    """

    key: str
    heading: str
    digits: int
    read: Callable[[Trained, Tested], float | None]
    scale: float = 1.0
    varies: bool = False

    def text(self, value: float | None) -> str:
        """The figure as the table has it."""
        return "–" if value is None else f"{value * self.scale:,.{self.digits}f}"


BLEU = Column("bleu", "BLEU", 1, lambda run, test: test.bleu.value, varies=True)
DEVIATION = Column("bleu_deviation", "± test", 1, lambda run, test: test.bleu.deviation)
COLUMNS = (
    BLEU,
    DEVIATION,
    Column("chrf", "chrF", 1, lambda run, test: test.chrf.value, varies=True),
    Column("ter", "TER", 1, lambda run, test: test.ter.value, varies=True),
    Column("aer", "AER %", 1, lambda run, test: test.aer, 100, varies=True),
    Column("perplexity", "ppl", 2, lambda run, test: test.perplexity, varies=True),
    Column("entropy", "entropy", 2, lambda run, test: test.entropy, varies=True),
    Column("parameters", "parameters", 0, lambda run, test: run.parameters),
    Column("pace", "tokens/s", 0, lambda run, test: run.tokens_per_second),
    Column("decoding", "sent/s", 1, lambda run, test: test.sentences / (test.seconds or 1)),
    Column("memory", "MB", 0, lambda run, test: run.peak_memory, 1 / MEGABYTE),
    Column("epochs", "epochs", 0, lambda run, test: run.epoch),
    Column("seconds", "minutes", 1, lambda run, test: run.seconds, 1 / 60),
)
