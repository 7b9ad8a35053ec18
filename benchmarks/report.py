"""From the records of all rounds to a page: medians, ranges, and ratios within each round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.ceiling import Work
from benchmarks.peers import OURS, package
from benchmarks.rounds import Record

FASTER = "attncli is faster ×"


class Measure(NamedTuple):
    """A figure of a record, and how it is told."""

    name: str
    title: str
    less_is_better: bool


PACE = Measure("tokens_per_second", "target tokens/s", False)
DECODINGS = (
    Measure("beam5_tokens_per_second", "beam 5, batches of 64, tokens/s", False),
    Measure("greedy_tokens_per_second", "greedy, batches of 64, tokens/s", False),
    Measure("single_ms", "greedy, one by one, ms a sentence", True),
)


class Table:
    """The records of one kind, configuration by configuration."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records

    def of(self, kind: str, configuration: str = "") -> dict[str, list[Record]]:
        """The records of each system, in the order of the first round."""
        found: dict[str, list[Record]] = {}
        for record in sorted(self.records, key=lambda one: int(str(one["round"]))):
            if (record["kind"], record["configuration"]) == (kind, configuration):
                found.setdefault(str(record["system"]), []).append(record)
        return found

    def configurations(self, kind: str) -> list[str]:
        """Those that were measured."""
        return list(
            dict.fromkeys(str(r["configuration"]) for r in self.records if r["kind"] == kind)
        )


def values(records: Iterable[Record], name: str) -> dict[int, float]:
    """Round → value, of the rounds that have one."""
    return {int(str(r["round"])): float(str(r[name])) for r in records if name in r}


def spread(found: Iterable[float], form: str = ",.0f") -> str:
    """The median, and the least and the greatest where there are several: 5 (4 to 6)."""
    numbers = sorted(found)
    if not numbers:
        return "–"
    if len(numbers) == 1:
        return f"{numbers[0]:{form}}"
    return f"{median(numbers):{form}} ({numbers[0]:{form}} to {numbers[-1]:{form}})"


def ratios(ours: dict[int, float], theirs: dict[int, float], less_is_better: bool) -> list[float]:
    """How many times faster attncli was, round by round."""
    pairs = [(ours[number], theirs[number]) for number in ours if number in theirs]
    return [their / our if less_is_better else our / their for our, their in pairs]


def failure(records: list[Record]) -> str:
    """Why a system has no figure; empty where it has."""
    return next((f"failed: {record['failed']}" for record in records if "failed" in record), "")


def rows(systems: dict[str, list[Record]], measure: Measure, form: str) -> list[list[str]]:
    """System, its figure, and how many times faster attncli is."""
    ours = values(systems.get(OURS, []), measure.name)
    found = []
    for system, records in systems.items():
        theirs = values(records, measure.name)
        if not theirs:
            found.append([system, failure(records) or "–", ""])
            continue
        ratio = (
            "" if system == OURS else spread(ratios(ours, theirs, measure.less_is_better), ".2f")
        )
        found.append([system, spread(theirs.values(), form), ratio])
    return found


def variants(systems: dict[str, list[Record]], measures: Sequence[Measure]) -> Iterable[str]:
    """A table for each other setting of attncli: how many times faster it is than each peer."""
    peers = [system for system in systems if package(system) != OURS]
    for variant in [system for system in systems if package(system) == OURS != system]:
        body = []
        for peer in peers:
            found = [
                ratios(
                    values(systems[variant], measure.name),
                    values(systems[peer], measure.name),
                    measure.less_is_better,
                )
                for measure in measures
            ]
            body.append([peer, *(spread(each, ".2f") for each in found)])
        yield markdown([f"{variant} is faster ×", *(one.title for one in measures)], body) + "\n"


def markdown(head: list[str], body: list[list[str]]) -> str:
    """A table; all columns but the first are aligned to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in body]
    return "\n".join(lines)


def training(table: Table, works: dict[str, Work]) -> Iterable[str]:
    """Target pieces a second, memory, and the fraction of the machine's ceiling."""
    ceilings = values(table.of("ceiling").get(OURS, []), "gflops")
    for configuration in table.configurations("training"):
        systems = table.of("training", configuration)
        needs = works[configuration].operations
        body = []
        for row in rows(systems, PACE, ",.0f"):
            paces = values(systems[row[0]], PACE.name)
            shares = [
                100 * pace * needs / (ceilings[number] * 1e9)
                for number, pace in paces.items()
                if number in ceilings
            ]
            peak = spread(values(systems[row[0]], "peak_mb").values())
            body.append([*row, f"{spread(shares, '.0f')}%" if shares else "–", peak])
        head = ["", PACE.title, FASTER, "of the ceiling", "peak memory, MB"]
        yield f"### Training {configuration}\n\n{markdown(head, body)}\n"
        yield from variants(systems, [PACE])


def decoding(table: Table) -> Iterable[str]:
    """Pieces a second with a beam and greedily, and milliseconds for one sentence."""
    for configuration in table.configurations("decoding"):
        systems = table.of("decoding", configuration)
        columns = [
            rows(systems, measure, ",.1f" if measure.less_is_better else ",.0f")
            for measure in DECODINGS
        ]
        body = [
            [parts[0][0], *(cell for part in parts for cell in part[1:])]
            for parts in zip(*columns, strict=True)
        ]
        head = ["", *(cell for measure in DECODINGS for cell in (measure.title, FASTER))]
        yield f"### Decoding {configuration}\n\n{markdown(head, body)}\n"
        yield from variants(systems, DECODINGS)


def unfed(table: Table) -> str:
    """How much faster R trains without input feeding; empty where not both were measured."""
    fed, free = (
        values(table.of("training", name).get(OURS, []), "tokens_per_second")
        for name in ("R", "R0")
    )
    found = ratios(free, fed, less_is_better=False)
    return f"attncli trains R0 {spread(found, '.2f')} × as fast as R.\n" if found else ""


def page(records: list[Record], works: dict[str, Work], facts: list[str]) -> str:
    """The whole of docs/performance.md."""
    table = Table(records)
    ceilings, memory = (
        values(table.of("ceiling").get(OURS, []), name) for name in ("gflops", "gbytes")
    )
    parts = [
        "# Performance\n\nattncli beside other toolkits: the same pieces, sizes, batches, threads "
        "and machine, each system in a process and an environment of its own. In a round they take "
        "turns, of which each has four in training and one in every measurement of decoding; only "
        "one works at a time, and the order turns round from one round to the next. A cell has the "
        "median of the rounds and, in brackets, the least and the greatest. Ratios are taken "
        "within a round.\n",
        "\n".join(f"- {fact}" for fact in facts) + "\n",
        f"The ceiling is the best float32 matrix product measured in the same round: "
        f"{spread(ceilings.values())} GFLOP/s. Beside products, training passes over numbers that "
        f"no cache holds; memory takes {spread(memory.values(), '.1f')} GB/s (two large arrays "
        "added, the median). The operations that training on one target piece needs are 6 × "
        "(multiply-adds of one pass forward), of matrix products alone:\n",
        markdown(
            ["", "multiply-adds a target piece", "where", "MFLOP a target piece"],
            [
                [name, need.formula, need.values, f"{need.operations / 1e6:.1f}"]
                for name, need in works.items()
            ],
        )
        + "\n",
    ]
    if table.configurations("training"):
        parts += ["## Training\n", TRAINING, *training(table, works), unfed(table)]
    if table.configurations("decoding"):
        parts += ["## Decoding\n", DECODING, *decoding(table)]
    if table.configurations("startup"):
        measure = Measure("seconds", "seconds", True)
        body = rows(table.of("startup"), measure, ".2f")
        head = ["", measure.title, FASTER]
        parts += [f"## Start-up of `--help`\n\n{markdown(head, body)}\n"]
    parts += [GPU]
    return "\n".join(parts)


TRAINING = (
    "T is a Transformer of 4 + 4 layers (width 128, feed-forward 256, 4 heads, dropout 0.3, label "
    "smoothing 0.1, normalized before each sub-layer, all embeddings shared) in batches of 4,096 "
    "tokens; R is Luong 2015 with input feeding (LSTMs of 256 + 256 and 512, embeddings of 256, "
    "general attention, dropout 0.2) in batches of 80 sentences; R0 is R without input feeding. "
    "The settings of each system stand in benchmarks/configurations. Tokens are target pieces with "
    "EOS, padding not counted. Memory is the most that the process held, libraries included. All "
    "compute in float32 but those with bf16 in their name, which round the factors of products "
    "(`train.precision=bf16`, eole's `compute_dtype: bf16`); joeynmt has no such setting on a CPU. "
    "That pays where the processor has units for it. Products of float32 are MKL's in all systems "
    "built on torch, but in attncli on a processor with AVX-512 that is not Intel's: there they "
    "are oneDNN's (attncli/products.py), as those of CTranslate2 are. The ceiling is that of the "
    "faster library.\n"
)
DECODING = (
    "Every system is given the pieces of a sentence and writes exactly 20 for it, so that all do "
    "the same work; import, loading, cutting text and joining it are left out. CTranslate2 decodes "
    "attncli's own model, exported: one batch at a time with all threads, and apart, as many "
    "batches at once as there are threads, as attncli does. attncli-onnx is `translate --engine "
    "onnx`, in float32 and with weights of 8 bits. One by one is a call for each sentence.\n"
)
GPU = (
    "## On a GPU\n\nNot measured. `attncli train RECIPE --device cuda --set "
    "train.precision=bf16` prints target tokens/s as it goes, and metrics.jsonl keeps them.\n"
)
