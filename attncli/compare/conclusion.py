"""What follows from measured rows: gaps that hold, settings that differ, the paper's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attncli.compare import differences, significance
from attncli.compare.agreement import agreement
from attncli.compare.endurance import endurance
from attncli.compare.request import Request
from attncli.compare.result import Agreement, Comparison, Row
from attncli.compare.significance import SEEDS
from attncli.compare.trials import Kept
from attncli.metrics import tokenized_note
from attncli.run import environment
from attncli.text.pair import Pair


def conclude(
    rows: list[Row],
    request: Request,
    baseline_name: str,
    tests: list[str],
    failed: dict[str, str],
    pairs: dict[str, list[Pair]],
) -> Comparison:
    """The comparison of measured rows, one of which is the baseline.

    `pairs` are the baseline's of each test set.
    """
    baseline = next(row for row in rows if row.name == baseline_name)
    references = {name: [pair.tgt for pair in each] for name, each in pairs.items()}
    study = request.study or differences.under_study(rows, baseline)
    test = tests[0]
    with Kept(request.folder / "p-values.json", request.how) as kept:
        rows = [replace(row, marks=differences.marks(row, baseline)) for row in rows]
        for name in tests:
            rows = tested(rows, baseline, name, references[name], kept)
    scorer = request.how.scorer()
    alike = [row for row in rows if same_text(row, baseline)]
    rows = [
        replace(row, endurance=endurance(row, pairs, scorer)) if row in alike else row
        for row in rows
    ]
    order = agreement(alike, test, references[test], scorer)
    first = rows[0].runs[0].tests[test]
    return Comparison(
        name=request.name,
        scale=request.scale,
        seeds=min(len(row.runs) for row in rows),
        baseline=baseline.name,
        test=test,
        tests=tests,
        tokenize=request.how.tokenize,
        study=study,
        differences=differences.differences(rows, baseline),
        warnings=differences.warnings(rows, baseline, study, request.study is not None),
        notes=notes(rows, request, order, tokenized_note(references[test], request.how.tokenize)),
        rows=rows,
        failed=failed,
        agreement=order,
        signatures={
            "BLEU": first.bleu.signature,
            "chrF": first.chrf.signature,
            "TER": first.ter.signature,
        },
        environment=environment(),
    )


def same_text(row: Row, baseline: Row) -> bool:
    """Whether every test set of the row is the text that the baseline's is."""
    texts = baseline.runs[0].tests
    return all(run.tests[name].text == one.text for run in row.runs for name, one in texts.items())


def tested(
    rows: Sequence[Row], baseline: Row, test: str, references: Sequence[str], kept: Kept
) -> list[Row]:
    """The rows with their gap to the baseline on one test set, as far as its text is the same."""
    p_values = {
        row.name: [
            kept.paired(mine.hypotheses, theirs.hypotheses, references)
            for mine, theirs in significance.partners(row, baseline, test)
        ]
        for row in rows
        if row.name != baseline.name
    }
    found = significance.against(rows, baseline, test, p_values)
    return [
        replace(row, against={**row.against, test: found[row.name]}) if row.name in found else row
        for row in rows
    ]


def notes(
    rows: Sequence[Row], request: Request, order: Agreement | None, tokenized: str
) -> list[str]:
    """What a reader of the table must know."""
    said = []
    seeds = min(len(row.runs) for row in rows)
    if seeds < SEEDS:
        count = f"{seeds} seed" + ("s" if seeds > 1 else "")
        said.append(
            f"{count}: no order is claimed; a gap may be the seed's (--seeds {SEEDS} says more)"
        )
    short = [row.name for row in rows if len(row.runs) < request.seeds]
    if short:
        said.append(f"fewer runs than {request.seeds}: {', '.join(short)}")
    improving = [row.name for row in rows if any(run.improving for run in row.runs)]
    if improving:
        said.append(f"still improving when training ended: {', '.join(improving)}")
    said += unaligned(rows)
    said.append(speeds_of(rows))
    if order is not None and order.reversed:
        pairs = ", ".join(f"{a} and {b}" for a, b in order.reversed)
        said.append(f"the other way round than in the paper: {pairs}")
    if tokenized:
        said.append(tokenized)
    return said


def unaligned(rows: Sequence[Row]) -> list[str]:
    """Of how many sentences alignment error says nothing."""
    each = [
        f"{row.name} on {name} ({one.unaligned:,} of {one.sentences:,})"
        for row in rows
        for name, one in row.runs[0].tests.items()
        if one.unaligned
    ]
    what = (
        "alignment error leaves out sentences whose words cannot be followed through preprocessing"
    )
    return [f"{what}: {', '.join(each)}"] if each else []


def speeds_of(rows: Sequence[Row]) -> str:
    """On which machine speed and memory were measured; those of two machines do not compare."""
    machines: dict[str, list[str]] = {}
    for row in rows:
        for run in row.runs:
            names = machines.setdefault(run.machine, [])
            names += [row.name] if row.name not in names else []
    if len(machines) == 1:
        return f"speed and memory: {next(iter(machines))}"
    each = "; ".join(f"{name} ({', '.join(rows)})" for name, rows in machines.items())
    return f"speed and memory are of several machines and do not compare: {each}"
