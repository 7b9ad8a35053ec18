"""How the previous sentences of a document reach the words of the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from attncli.attention.base import Memory
from attncli.models.decoded import Decoded, Source

Reads = Callable[[Tensor, Tensor], Tensor]
"""Ids and mask, each (batch, src_len), to encoder states (batch, src_len, memory_dim)."""


class Context(nn.Module):
    """Changes what the decoder computed by what stands before the sentence in its document."""

    family: ClassVar[str] = "context"
    name: ClassVar[str | None] = None
    previous: int = 0  # sentences that it reads at the most

    def __init__(self, query_dim: int, memory_dim: int) -> None:
        super().__init__()
        self.query_dim = query_dim
        self.memory_dim = memory_dim

    def remember(self, source: Source, reads: Reads) -> tuple[Memory, ...]:
        """What every word of the translation may look at, made once per sentence."""
        raise NotImplementedError

    def forward(self, decoded: Decoded, memories: tuple[Memory, ...], look: bool) -> Decoded:
        """The decoder's output as the output layer is to read it; with `look`, with a trace."""
        raise NotImplementedError


class NoContext(Context):
    """Every sentence by itself: the sentences before it are not even read.

    h'_t = h_t
    """

    name = "none"

    def remember(self, source: Source, reads: Reads) -> tuple[Memory, ...]:
        return ()

    def forward(self, decoded: Decoded, memories: tuple[Memory, ...], look: bool) -> Decoded:
        return decoded
