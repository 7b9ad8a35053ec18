"""A polite stop: the first Ctrl-C or SIGTERM is noted, so that work ends at a safe place."""

from __future__ import annotations

import signal
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While it lasts, a signal sets `asked`; a second one acts as it always does."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interruption:
        self.before = {stop: signal.getsignal(stop) for stop in STOPS}
        for stop in STOPS:
            signal.signal(stop, self._note)
        return self

    def __exit__(self, *raised: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self._restore()

    def _restore(self) -> None:
        for stop, handler in self.before.items():
            signal.signal(stop, handler)
