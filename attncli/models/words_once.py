"""A function of words, computed once for each word of a search.

A beam's hypotheses end in the same few words again and again, over all sentences of a batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from attncli.models.output import known


class WordsOnce:
    """What `function` makes of words (words,), a row of `width` numbers for each, kept by word.

    There is room for `most` different words; ids beyond the vocabulary `vocab` are one. `like` says
    the kind of number and the device.
    """

    def __init__(
        self, function: Callable[[Tensor], Tensor], vocab: int, most: int, width: int, like: Tensor
    ) -> None:
        self.function = function
        self.vocab = vocab
        self.rows = like.new_empty(min(vocab, most), width)
        self.places = torch.full((vocab,), -1, device=like.device)  # -1 where nothing is kept
        self.kept = 0

    def __call__(self, token: Tensor) -> Tensor:
        """Words (batch, queries) to (batch, queries, width)."""
        words = known(token, self.vocab)
        places = self.places[words]
        unseen = places < 0
        if bool(unseen.any()):
            self._keep(torch.unique(words[unseen]))
            places = self.places[words]
        return functional.embedding(places, self.rows)

    def _keep(self, words: Tensor) -> None:
        until = self.kept + len(words)
        self.rows[self.kept : until] = self.function(words)
        self.places[words] = torch.arange(self.kept, until, device=words.device)
        self.kept = until
