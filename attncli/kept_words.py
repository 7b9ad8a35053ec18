"""Words that no vocabulary holds and that a translation keeps as they are: names above all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attncli.text.codec import Codec
from attncli.text.pair import Pair


@dataclass(frozen=True)
class KeptWords:
    """How many pieces that the vocabulary lacks stand in source and reference alike."""

    expected: int
    right: int  # of those, also in the translation, in the reference's order

    @property
    def share(self) -> float:
        """Of the expected ones, how many are right."""
        return self.right / self.expected


def kept_words(codec: Codec, pairs: Sequence[Pair], texts: Sequence[str]) -> KeptWords | None:
    """Counts them in translations of `pairs`; None where there are none to keep."""
    expected = _kept(codec, [(pair.src, pair.tgt) for pair in pairs])
    found = _kept(codec, [(pair.src, text) for pair, text in zip(pairs, texts, strict=True)])
    total = sum(map(len, expected))
    right = sum(common(wanted, got) for wanted, got in zip(expected, found, strict=True))
    return KeptWords(total, right) if total else None


def _kept(codec: Codec, pairs: Sequence[tuple[str, str]]) -> list[list[int]]:
    """For each pair the numbers of the source's unknown words that its target holds, in order."""
    _, rows = codec.encode_pairs(pairs)
    return [[token for token in row if token >= codec.tgt.size] for row in rows]


def common(left: Sequence[int], right: Sequence[int]) -> int:
    """The length of the longest common subsequence."""
    before = [0] * (len(right) + 1)
    for one in left:
        row = [0]
        for place, other in enumerate(right):
            row.append(before[place] + 1 if one == other else max(before[place + 1], row[-1]))
        before = row
    return before[-1]
