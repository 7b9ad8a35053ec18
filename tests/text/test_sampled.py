"""Cuts drawn anew in every epoch: other ids, the same text, the same draw after a resume."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attncli.text.batch import Batch, Batches
from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, NO_WORD
from attncli.text.preprocess import Preprocess
from attncli.text.sampled import SampledStore
from attncli.text.store import Store, write_store
from attncli.text.subword import Subword
from attncli.text.tokenise import Kept

PAIRS = [
    Pair("the old dog sleeps deeply", "der alte hund schläft tief", ((0, 0), (2, 2), (3, 3))),
    Pair("a sleepy cat sees the dog", "eine müde katze sieht den hund", ((2, 2), (4, 4), (5, 5))),
    Pair("", "nichts", None),
    Pair("the dog ▁ and a cat", "der hund ▁ und eine katze", ((1, 1), (5, 5))),
] * 15
BATCHES = Batches(tokens=100)


class Made:
    """A store of PAIRS that draws, the one that does not, and their codec."""

    def __init__(self, folder: Path, kind: str, alpha: float) -> None:
        subword = Subword(kind=kind, vocab_size=70, joint=False)
        self.codec: Codec = subword.train(PAIRS, Preprocess(), ("en", "de"))
        kept = (Kept(pair, bool(pair.src)) for pair in [*PAIRS, Pair("a ж§ dog", "ein ж§ hund")])
        self.plain: Store = write_store(folder / "train", kept, self.codec, lambda count: None)
        self.subword = Subword(kind=kind, sampling=alpha)

    def drawn(self) -> SampledStore:
        return SampledStore(self.plain.folder, self.codec, self.subword.samplers(self.codec))

    def epoch(self, epoch: int, seed: int, skip: int = 0) -> list[Batch]:
        store = self.drawn()
        return [BATCHES.collate(store, rows) for rows in BATCHES.epoch(store, epoch, seed)[skip:]]


@pytest.fixture(scope="module", params=[("unigram", 0.2), ("bpe", 0.3)], ids=["unigram", "bpe"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("sampled"), *request.param)


def ids(batches: list[Batch]) -> list[list[list[int]]]:
    return [batch.src.tolist() + batch.tgt.tolist() for batch in batches]


def test_the_same_epoch_is_drawn_the_same_and_another_is_not(made: Made) -> None:
    def cuts(epoch: int, seed: int) -> dict[int, tuple[int, ...]]:
        return {
            int(row): tuple(src[src > 0].tolist())
            for batch in made.epoch(epoch, seed)
            for row, src in zip(batch.rows, batch.src, strict=True)
        }

    assert ids(made.epoch(1, 5)) == ids(made.epoch(1, 5))
    assert cuts(1, 5) != cuts(2, 5)
    assert cuts(1, 5) != cuts(1, 6)


def test_who_resumes_within_an_epoch_reads_on_as_before(made: Made) -> None:
    whole = made.epoch(1, 5)
    assert len(whole) > 3
    assert ids(made.epoch(1, 5, skip=2)) == ids(whole[2:])


def test_batches_go_by_the_lengths_of_what_is_drawn(made: Made) -> None:
    batches = made.epoch(1, 5)
    full = [batch for batch in batches if len(batch.rows) > 1]
    assert full
    assert all(max(batch.src.size, batch.tgt.size) <= BATCHES.tokens for batch in full)


def test_another_process_draws_the_same(made: Made, tmp_path: Path) -> None:
    made.codec.save(tmp_path)
    options = {"kind": made.subword.kind, "sampling": made.subword.sampling}
    folders = [str(made.plain.folder), str(tmp_path)]
    program = f"""
from pathlib import Path
from attncli.text.batch import Batches
from attncli.text.codec import Codec
from attncli.text.sampled import SampledStore
from attncli.text.subword import Subword
data, saved = map(Path, {folders})
codec = Codec.load(saved)
store = SampledStore(data, codec, Subword(**{options}).samplers(codec))
batches = Batches(tokens=100)
print([batches.collate(store, rows).src.tolist() for rows in batches.epoch(store, 1, 5)[1:]])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(done.stdout) == [b.src.tolist() for b in made.epoch(1, 5, skip=1)]


def test_the_text_stays_the_same_whatever_is_unknown(made: Made) -> None:
    store = made.drawn()
    store.begin(3, 1)
    rows = np.arange(len(store))
    drawn = store.read(rows)
    assert any(len(cut.src) > len(store.src(row)) for row, cut in zip(rows, drawn, strict=True))
    for row, cut in zip(rows, drawn, strict=True):
        assert cut.src[-1] == cut.tgt[-1] == EOS
        assert made.codec.src.decode(cut.src.tolist()) == made.codec.src.decode(
            store.src(row).tolist()
        )
        assert made.codec.tgt.decode(cut.tgt.tolist()) == made.codec.tgt.decode(
            store.tgt(row).tolist()
        )


def test_links_follow_the_drawn_pieces(made: Made) -> None:
    store = made.drawn()
    store.begin(0, 1)
    for pair, cut in zip(PAIRS, store.read(np.arange(len(PAIRS))), strict=True):
        assert cut.links is not None
        src, tgt = (
            made.codec.src.words(cut.src.tolist()),
            made.codec.tgt.words(cut.tgt.tolist()),
        )
        found = {(src[own], tgt[other]) for own, other in cut.links}
        assert found == set(pair.links or ())
        whole = [
            sum(word == own for word in src) * sum(word == other for word in tgt)
            for own, other in found
        ]
        assert len(cut.links) == sum(whole)
        assert NO_WORD not in {end for link in found for end in link}
