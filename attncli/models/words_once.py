"""A function of words, computed once for each word of a search.

A beam's hypotheses end in the same few words again and again, over all sentences of a batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from attncli.models.output import known

ROOM = 512
"""Words that there is room for at first."""


class WordsOnce:
    """What `function` makes of words (words,), a row of `width` numbers for each, kept by word.

    Ids beyond the vocabulary `vocab` are one word. `like` says the kind of number and the device.
    """

    def __init__(
        self, function: Callable[[Tensor], Tensor], vocab: int, width: int, like: Tensor
    ) -> None:
        self.function = function
        self.vocab = vocab
        self.rows = like.new_empty(ROOM, width)
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
        if until > len(self.rows):
            wider = self.rows.new_empty(2 * until, self.rows.size(1))
            wider[: self.kept] = self.rows[: self.kept]
            self.rows = wider
        self.rows[self.kept : until] = self.function(words)
        self.places[words] = torch.arange(self.kept, until, device=words.device)
        self.kept = until
