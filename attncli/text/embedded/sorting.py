"""Numbers in any order, and the same in their own: a task for pointer networks.

Vinyals et al. 2015, arXiv 1506.03134. A tenth of all numbers is kept for the test set, which has
no others: it sorts what training never showed. The links say where each number comes from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from attncli.text.embedded import splits
from attncli.text.pair import Pair

NUMBERS = 1000  # from 0
FEWEST, MOST = 10, 20
SPLITS = {"train": 20_000, "valid": 500, "test": 500}


def sorting(split: str, *, seed: int = 1) -> Iterator[Pair]:
    """The pairs of one split, in an order that does not change; no number is twice in a pair.

    Raises:
        UsageError: there is no such split.
    """
    splits.check(split, SPLITS)
    numbers = _shuffled(list(range(NUMBERS)), random.Random(seed))
    kept = NUMBERS // 10
    among = numbers[:kept] if split == "test" else numbers[kept:]
    rng = random.Random(f"{seed} {split}")
    for _ in range(SPLITS[split]):
        count = FEWEST + int(rng.random() * (MOST + 1 - FEWEST))
        yield _pair(_shuffled(among, rng)[:count])


def _pair(numbers: list[int]) -> Pair:
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    return Pair(
        " ".join(map(str, numbers)),
        " ".join(str(numbers[place]) for place in order),
        tuple(sorted((source, target) for target, source in enumerate(order))),
    )


def _shuffled(numbers: list[int], rng: random.Random) -> list[int]:
    """The numbers in a random order; only `random()`, which is the same in every Python."""
    return sorted(numbers, key=lambda _: rng.random())
