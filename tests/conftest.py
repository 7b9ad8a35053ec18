"""What several tests share: a small corpus and runs trained on it, made once."""

from __future__ import annotations

import pytest

from tests.running import sets, train, write_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """A folder of text of which each target line is its source line in capitals."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def runs(corpus, tmp_path_factory):
    """A folder with three runs: `first`, `second` (another seed, same pieces), and `blind`."""
    folder = tmp_path_factory.mktemp("runs")
    train(corpus, folder, "first", *sets("train.epochs=12", "train.optimizer.lr=0.01"))
    train(corpus, folder, "second", "--seed", 2, *sets("train.epochs=2"))
    train(corpus, folder, "blind", "--attention", "none", *sets("train.epochs=1"))
    return folder


@pytest.fixture(scope="session")
def documents(corpus, tmp_path_factory):
    """The small corpus with a blank line after every third sentence."""
    folder = tmp_path_factory.mktemp("documents")
    for path in corpus.iterdir():
        lines = path.read_text().splitlines()
        parts = [lines[begin : begin + 3] for begin in range(0, len(lines), 3)]
        (folder / path.name).write_text("\n\n".join("\n".join(part) for part in parts) + "\n")
    return folder
