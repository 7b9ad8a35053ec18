"""What is in the embedded corpus: counts, lengths, crossing links, an example of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attncli.text.embedded.lexicon import GENDERS, Lexicon
from attncli.text.embedded.sentences import Sentence
from attncli.text.pair import Pair

STEP = 10


@dataclass(frozen=True)
class Summary:
    """The embedded corpus in figures; lengths are source words.

    `lengths` counts pairs by the first length of each ten; `crossing` is the share of pairs with
    two links that cross; `examples` is the shortest test or training pair of each phenomenon.
    """

    sizes: dict[str, int]
    src_words: int
    tgt_words: int
    nouns: dict[str, int]
    verbs: int
    separable_verbs: tuple[str, ...]
    lengths: dict[str, dict[int, int]]
    crossing: dict[str, float]
    examples: dict[str, Pair]


def crosses(pair: Pair) -> bool:
    """Whether two links of the pair cross."""
    highest = -1
    reached = -1
    last = -1
    for source, target in sorted(pair.links or ()):
        if source != last:
            last, highest = source, max(highest, reached)
        if target < highest:
            return True
        reached = max(reached, target)
    return False


def summarise(words: Lexicon, splits: Mapping[str, Sequence[Sentence]]) -> Summary:
    """Counts a whole corpus."""
    nouns = [noun for listed in words.nouns.values() for noun in listed]
    lengths: dict[str, dict[int, int]] = {}
    examples: dict[str, Pair] = {}
    src_words: set[str] = set()
    tgt_words: set[str] = set()
    for name, split in splits.items():
        counts: dict[int, int] = {}
        for pair, phenomena in split:
            src = pair.src.split()
            start = len(src) // STEP * STEP
            counts[start] = counts.get(start, 0) + 1
            src_words.update(src)
            tgt_words.update(pair.tgt.split())
            for phenomenon in phenomena:
                known = examples.get(phenomenon)
                if known is None or len(pair.src) < len(known.src):
                    examples[phenomenon] = pair
        lengths[name] = dict(sorted(counts.items()))
    return Summary(
        sizes={name: len(split) for name, split in splits.items()},
        src_words=len(src_words),
        tgt_words=len(tgt_words),
        nouns={
            gender: sum(noun.gender == number for noun in nouns)
            for number, gender in enumerate(GENDERS)
        },
        verbs=len(words.verbs),
        separable_verbs=tuple(v.prefix + v.infinitive for v in words.verbs if v.prefix),
        lengths=lengths,
        crossing={
            name: sum(crosses(sentence.pair) for sentence in split) / len(split)
            for name, split in splits.items()
        },
        examples=dict(sorted(examples.items())),
    )
