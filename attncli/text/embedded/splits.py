"""The splits of a data set that attncli makes itself."""

from __future__ import annotations

from collections.abc import Collection

from attncli.errors import UsageError, suggestion


def check(split: str, splits: Collection[str]) -> None:
    """Refuses a split that a data set does not have.

    Raises:
        UsageError: `split` is not one of `splits`.
    """
    if split not in splits:
        names = ", ".join(splits)
        raise UsageError(f"no split '{split}'{suggestion(split, splits)}; there is {names}")
