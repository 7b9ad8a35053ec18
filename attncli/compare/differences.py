"""In which settings rows differ, and where that is more than the one under study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from attncli.compare.result import Difference, Row

UNREAD = ("name", "seed", "paper")
MARKS = {
    "selection": ("train.monitor", "train.average", "train.patience", "train.validate"),
    "search": ("search.",),
    "tokenisation": ("subword.", "preprocess."),
}


def differing(mine: Mapping[str, object], theirs: Mapping[str, object]) -> list[str]:
    """The settings in which two rows differ, in order.

    Where a component is another one its name stands for all of its options: "model.attention", not
    "model.attention.window".
    """
    keys = [
        key
        for key in dict.fromkeys([*mine, *theirs])
        if key.partition(".")[0] not in UNREAD
        and ((key in mine) != (key in theirs) or mine.get(key) != theirs.get(key))
    ]
    others = [
        key.removesuffix(".name")
        for key in keys
        if key.endswith(".name") and key != "data.name" and key in mine and key in theirs
    ]
    return list(dict.fromkeys(_group(key, others) for key in keys))


def _group(key: str, components: Sequence[str]) -> str:
    within = [one for one in components if key == one or key.startswith(one + ".")]
    return min(within, key=len) if within else key


def differences(rows: Sequence[Row], baseline: Row) -> list[Difference]:
    """Every setting in which a row differs from the baseline, with its value in each row."""
    each = [setting for row in rows for setting in differing(baseline.settings, row.settings)]
    return [
        Difference(setting, {row.name: value(row.settings, setting) for row in rows})
        for setting in dict.fromkeys(each)
    ]


def value(settings: Mapping[str, object], setting: str) -> object:
    """A setting's value, a component's name; None where there is none."""
    return settings.get(setting + ".name", settings.get(setting))


def under_study(rows: Sequence[Row], baseline: Row) -> str | None:
    """The setting in which most rows differ from the baseline; None where none does.

    Of several the attention goes first, and then the rest of the model.
    """
    counts = Counter(
        setting for row in rows for setting in differing(baseline.settings, row.settings)
    )
    return max(counts, key=lambda setting: (counts[setting], *_closeness(setting)), default=None)


def _closeness(setting: str) -> tuple[bool, bool]:
    return setting.startswith("model.attention"), setting.startswith("model")


def warnings(rows: Sequence[Row], baseline: Row, study: str | None, is_given: bool) -> list[str]:
    """A line for every row that differs from the baseline in more than the setting under study.

    Where nobody named that setting, a row that differs in one setting alone is none to warn of.
    """
    said = []
    for row in rows:
        found = differing(baseline.settings, row.settings)
        more = [setting for setting in found if not _is_within(setting, study)]
        if more and (is_given or len(found) > 1):
            values = [f"{one} ({_text(value(row.settings, one))})" for one in more]
            also = f"more than {study}" if len(more) < len(found) else "more than one setting"
            if len(more) == len(found) == 1:
                also = f"another setting than {study}"
            said.append(f"{row.name} differs from {baseline.name} in {also}: {', '.join(values)}")
    return said


def _is_within(setting: str, study: str | None) -> bool:
    return study is not None and (setting == study or setting.startswith(study + "."))


def marks(row: Row, baseline: Row) -> list[str]:
    """Why the row's figures do not simply compare with the baseline's."""
    found = [
        mark
        for mark, settings in MARKS.items()
        if any(one.startswith(settings) for one in differing(baseline.settings, row.settings))
    ]
    texts = [{run.text for run in one.runs} for one in (row, baseline)]
    if texts[0] != texts[1] or _test_texts(row) != _test_texts(baseline):
        found.insert(0, "data")
    if any(run.finished is None for run in row.runs):
        found.append("unfinished")
    return found


def _test_texts(row: Row) -> set[tuple[str, str]]:
    return {(name, test.text) for run in row.runs for name, test in run.tests.items()}


def _text(found: object) -> str:
    return "unset" if found is None else str(found)
