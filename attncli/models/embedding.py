"""Words as vectors, on the side of the source and of the target."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from attncli.errors import UsageError
from attncli.models.output import Output, known

Tied = Literal["none", "output", "all"]


class Embedding(nn.Module):
    """A vector for every word, of unit variance before training.

    A table that the output layer shares must hold small numbers, or its first logits are wild; so
    it is initialized small, and what is looked up in it is scaled up (Vaswani 2017, section 3.4).
    """

    def __init__(self, vocab: int, dim: int, is_scaled: bool) -> None:
        super().__init__()
        self.scale = math.sqrt(dim) if is_scaled else 1.0
        self.weight = nn.Parameter(torch.empty(vocab, dim))
        nn.init.normal_(self.weight, std=1 / self.scale)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (...) to vectors (..., dim); those beyond the vocabulary are unknown words."""
        return nn.functional.embedding(known(ids, self.weight.size(0)), self.weight) * self.scale


def embeddings(
    src_vocab: int, tgt_vocab: int, dim: int, output: Output, output_dim: int, tied: Tied
) -> tuple[Embedding, Embedding]:
    """Source and target embeddings, shared with each other and the output layer as `tied` says.

    Raises:
        UsageError: what is to be shared is not of one shape.
    """
    src = Embedding(src_vocab, dim, tied == "all")
    tgt = Embedding(tgt_vocab, dim, tied != "none")
    if tied != "none":
        if output_dim != dim:
            raise UsageError(
                f"model.tied '{tied}' needs an output as wide as the embedding: "
                f"{output_dim} and {dim} (set model.readout.dim={dim})"
            )
        output.weight = tgt.weight
    if tied == "all":
        if src_vocab != tgt_vocab:
            raise UsageError(
                f"model.tied 'all' needs one vocabulary: {src_vocab} and {tgt_vocab} entries "
                "(set subword.joint=true)"
            )
        src.weight = tgt.weight
    return src, tgt
