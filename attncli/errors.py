"""Every failure a user can cause, as one line that says what, where, and what to type instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AttnError(Exception):
    """A failure the command line prints as one line; its class decides the exit code."""

    exit_code = 1


class UsageError(AttnError):
    """What was asked for does not exist or does not fit together (exit code 2)."""

    exit_code = 2


class RecipeError(UsageError):
    """All that is wrong with a recipe, reported at once: one line for each problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class DataError(AttnError):
    """Text that cannot be read, paired or used."""


class NoDataError(DataError):
    """Data of a name that nothing has."""


class RunError(AttnError):
    """A run directory that is missing, incomplete or of another kind."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """'; did you mean X?' for the closest of `known`, or nothing where none is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
