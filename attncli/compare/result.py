"""What a comparison found: every table, file and page is drawn from this structure alone.

It is kept as comparison.json in the comparison's folder. Times are in seconds, memory is in bytes,
rates (AER, shares) go from 0 to 1, BLEU, chrF and TER from 0 to 100.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measure:
    """A score of a test set; `low` to `high` holds 95% of its bootstrap resamples.

    `deviation` is the standard deviation of the resamples: what another test set would change.
    """

    value: float
    low: float | None
    high: float | None
    deviation: float | None
    signature: str


@dataclass(frozen=True)
class LengthBucket:
    """BLEU of the sentences of some source lengths; None where there are none."""

    label: str
    sentences: int
    bleu: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Tested:
    """One run on one test set. `hypotheses` are its translations, a line for each source line.

    `text` is the hash of the test set.
    """

    text: str
    sentences: int
    bleu: Measure
    chrf: Measure
    ter: Measure
    by_length: list[LengthBucket]
    perplexity: float | None  # of a piece
    word_perplexity: float | None  # None where it is too large for a number
    aer: float | None  # row t of the weights read as the word that is written
    aer_read: float | None  # the same as the word that was read
    head: str | None  # whose weights align
    entropy: float | None  # nats
    entropy_share: float | None  # of an even spread
    seconds: float  # of decoding
    cut: int  # translations as long as the length limit allows
    hypotheses: list[str]
    unaligned: int = 0  # sentences without alignment error: words lost in preprocessing


@dataclass(frozen=True)
class CurvePoint:
    """One validation: `loss` in nats a piece."""

    step: int
    epoch: int
    loss: float
    bleu: float | None
    seconds: float


@dataclass(frozen=True)
class Trained:
    """One run of a row: one seed. `text` is the hash of what it was trained on, where noted."""

    path: str
    text: str | None
    seed: int
    finished: str | None  # why it ended; None where it has not
    checkpoint: str
    epoch: int
    step: int
    improving: bool  # the last validation was the best
    parameters: int
    seconds: float  # of training steps
    tokens_per_second: float | None  # target pieces; the median over training
    peak_memory: int | None
    machine: str  # where it trained
    curve: list[CurvePoint]
    tests: dict[str, Tested]


@dataclass(frozen=True)
class Paper:
    """What the paper printed for this row."""

    figure: float
    metric: str
    table: str | None
    source: str | None


@dataclass(frozen=True)
class Spread:
    """A figure over the seeds of a row. `deviation` is the sample's; None with one seed."""

    mean: float
    deviation: float | None
    values: list[float]


@dataclass(frozen=True)
class Against:
    """A row's BLEU against the baseline's, on one test set, each seed with its partner.

    A row's p-value is the largest over its seeds: the gap must be there every time. `corrected`
    are Holm's for the number of rows. `verdict` says it in a word.
    """

    gap: float
    bootstrap: float
    randomisation: float
    bootstrap_corrected: float
    randomisation_corrected: float
    verdict: str


@dataclass(frozen=True)
class Row:
    """One line of the table: a recipe with all of its seeds, or a given run.

    `figures` and `against` are by test set. `endurance` is BLEU of 40 to 60 source words
    as a share of that of 1 to 20, over all test sets. `marks` say why a figure does not compare.
    """

    name: str
    mechanism: str
    paper: Paper | None
    settings: dict[str, object]
    marks: list[str]
    runs: list[Trained]
    figures: dict[str, dict[str, Spread]] = field(default_factory=dict)
    against: dict[str, Against] = field(default_factory=dict)
    endurance: Spread | None = None


@dataclass(frozen=True)
class Difference:
    """A setting in which rows differ, and its value in each; None where a row has no such."""

    setting: str
    values: dict[str, object]


@dataclass(frozen=True)
class Agreement:
    """How the paper orders the rows and how they stand here: Kendall's tau-b.

    `low` to `high` holds 95% of the taus of bootstrap resamples of the test set. It is None where
    the scores of either side are all equal.
    """

    tau: float | None
    low: float | None
    high: float | None
    rows: list[str]
    reversed: list[list[str]]  # pairs that stand the other way round here


@dataclass(frozen=True)
class Comparison:
    """A whole comparison."""

    name: str
    scale: str
    seeds: int
    baseline: str
    test: str  # the test set of the table
    tests: list[str]
    tokenize: str
    study: str | None  # the setting under study
    differences: list[Difference]
    warnings: list[str]
    notes: list[str]
    rows: list[Row]
    failed: dict[str, str]  # rows that could not be trained, and why
    agreement: Agreement | None
    signatures: dict[str, str]
    environment: dict[str, object]
