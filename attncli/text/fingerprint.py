"""What text a run was trained on, by content: equal for equal pairs, wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from attncli.text.pair import Pair


class Fingerprint:
    """A hash of pairs, in their order and with their gold links, taken while they are read."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def watch(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Passes every pair on."""
        for pair in pairs:
            self._hash.update(repr(tuple(pair)).encode("utf-8", "surrogatepass"))
            yield pair

    def digest(self) -> str:
        """The hash of the pairs that have passed so far."""
        return self._hash.hexdigest()[:16]


def fingerprint(pairs: Iterable[Pair]) -> str:
    """The hash of all of them."""
    found = Fingerprint()
    for _ in found.watch(pairs):
        pass
    return found.digest()
