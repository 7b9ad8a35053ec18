"""What stands above and below a comparison's table."""

from __future__ import annotations

from attncli.compare.result import Agreement, Comparison, Difference
from attncli.compare.table import ENDURANCE


def above(found: Comparison) -> list[str]:
    """The settings in which rows differ, and what a reader is warned of."""
    said = [f"{found.test}, baseline {found.baseline}; the rows differ in"]
    said += [f"  {_difference(one)}" for one in found.differences] or ["  nothing"]
    said += [f"warning: {line}" for line in found.warnings]
    return said


def below(found: Comparison) -> list[str]:
    """What the figures mean, how they were made, and how they stand to the paper's."""
    said = [
        "± test: deviation of BLEU over 1000 bootstrap resamples of the test set"
        + ("; ± seeds and ±: over seeds" if found.seeds > 1 else ""),
        "p: paired bootstrap and approximate randomisation, Holm's correction over the rows"
        + ("; the worst of the seeds" if found.seeds > 1 else ""),
    ]
    if any(row.endurance is not None for row in found.rows):
        said.append(
            f"{ENDURANCE}: BLEU of the sentences of so many source words in all test sets, the one "
            "as a share of the other"
        )
    if found.agreement is not None:
        said.append(_agreement(found.agreement))
    said += found.notes
    said += [f"paper: {source}" for source in sources(found)]
    said += [f"failed: {name}: {why}" for name, why in found.failed.items()]
    said += [f"{name} {signature}" for name, signature in found.signatures.items()]
    return said


def sources(found: Comparison) -> list[str]:
    """Where the papers' figures are from."""
    papers = [row.paper for row in found.rows if row.paper is not None]
    parts = [
        ", ".join(part for part in (one.source, one.table, one.metric) if part) for one in papers
    ]
    return list(dict.fromkeys(parts))


def _difference(one: Difference) -> str:
    rows: dict[str, list[str]] = {}
    for row, value in one.values.items():
        rows.setdefault("unset" if value is None else str(value), []).append(row)
    alike = [
        value if names == [value] else f"{value} ({', '.join(names)})"
        for value, names in rows.items()
    ]
    return f"{one.setting}: {', '.join(alike)}"


def _agreement(found: Agreement) -> str:
    if found.tau is None:
        return "order of the paper: unknown, the scores of one side are all equal"
    return (
        f"order of the paper: Kendall's tau {found.tau:.2f} [{found.low:.2f}, {found.high:.2f}] "
        f"over {len(found.rows)} rows"
    )
