"""Words as vectors, on the side of the source and of the target."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from attncli.errors import UsageError
from attncli.marks import FIRST
from attncli.models.output import Output, known
from attncli.registry import Choice

Tied = Literal["none", "output", "all"]


class Embedding(nn.Module):
    """A vector for every id, of unit variance before training."""

    family: ClassVar[str] = "vectors"
    name: ClassVar[str | None] = None
    weight: nn.Parameter

    def __init__(self, vocab: int, dim: int, is_scaled: bool) -> None:
        super().__init__()
        self.vocab = vocab

    def vectors(self, ids: Tensor) -> Tensor:
        """Ids (...) of the vocabulary to vectors (..., dim)."""
        raise NotImplementedError

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (...) to vectors (..., dim); those beyond the vocabulary are unknown words."""
        return self.vectors(known(ids, self.vocab))


class Table(Embedding):
    """A row of a table for every id.

    A table that the output layer shares must hold small numbers, or its first logits are wild; so
    it is initialized small, and what is looked up in it is scaled up (Vaswani 2017, section 3.4).
    """

    name = "table"

    def __init__(self, vocab: int, dim: int, is_scaled: bool) -> None:
        super().__init__(vocab, dim, is_scaled)
        self.scale = math.sqrt(dim) if is_scaled else 1.0
        self.weight = nn.Parameter(torch.empty(vocab, dim))
        nn.init.normal_(self.weight, std=1 / self.scale)

    def vectors(self, ids: Tensor) -> Tensor:
        found = functional.embedding(ids, self.weight)
        return found * self.scale if self.scale != 1.0 else found


class Digits(Embedding):
    """The decimal digits of a number, each with a vector by its place.

        E(n) = sum_j D_j[floor(n / 10^j) mod 10]

    A number that training never showed is read by digits that it did show. It wants numbers as ids:
    subword.kind=number.
    """

    name = "digits"

    def __init__(self, vocab: int, dim: int, is_scaled: bool) -> None:
        super().__init__(vocab, dim, is_scaled)
        if is_scaled:
            raise UsageError("model.tied shares a table: set model.vectors=table, or tied=none")
        self.places = len(str(max(0, vocab - FIRST - 1)))
        self.weight = nn.Parameter(torch.empty(FIRST + 10 * self.places, dim))
        nn.init.normal_(self.weight, std=self.places**-0.5)

    def vectors(self, ids: Tensor) -> Tensor:
        places = torch.arange(self.places, device=ids.device)
        numbers = (ids - FIRST).clamp(min=0).unsqueeze(-1)
        digits = numbers // 10**places % 10  # (..., places)
        rows = functional.embedding(FIRST + 10 * places + digits, self.weight).sum(-2)
        marks = functional.embedding(ids.clamp(max=FIRST - 1), self.weight)
        return torch.where((ids < FIRST).unsqueeze(-1), marks, rows)


def embeddings(
    vectors: Choice,
    vocabs: tuple[int, int],
    dim: int,
    output: Output,
    output_dim: int,
    tied: Tied,
) -> tuple[Embedding, Embedding]:
    """Source and target embeddings, shared with each other and the output layer as `tied` says.

    Raises:
        UsageError: what is to be shared is not of one shape.
    """
    src: Embedding = vectors.build(vocabs[0], dim, tied == "all")
    tgt: Embedding = vectors.build(vocabs[1], dim, tied != "none")
    if tied != "none":
        if output_dim != dim:
            raise UsageError(
                f"model.tied '{tied}' needs an output as wide as the embedding: "
                f"{output_dim} and {dim} (set model.readout.dim={dim})"
            )
        output.weight = tgt.weight
    if tied == "all":
        if vocabs[0] != vocabs[1]:
            raise UsageError(
                f"model.tied 'all' needs one vocabulary: {vocabs[0]} and {vocabs[1]} entries "
                "(set subword.joint=true)"
            )
        src.weight = tgt.weight
    return src, tgt
