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
    """Changes states by what stands before the sentence in its document.

    The states are those of the decoder, one for each word of the translation, or of the encoder.
    """

    family: ClassVar[str] = "context"
    name: ClassVar[str | None] = None
    previous: int = 0  # sentences that it reads at the most

    def __init__(self, query_dim: int, memory_dim: int) -> None:
        super().__init__()
        self.query_dim = query_dim

    def remember(self, source: Source, reads: Reads) -> tuple[Memory, ...]:
        """What every state may look at, made once per sentence."""
        raise NotImplementedError

    def enrich(
        self, states: Tensor, memories: tuple[Memory, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """States (batch, queries, query_dim) that know what stood before, and a trace."""
        raise NotImplementedError

    def encoded(self, states: Tensor, source: Source, reads: Reads) -> Tensor:
        """The encoder's states as the readers are to see them."""
        return self.enrich(states, self.remember(source, reads))[0]

    def forward(self, decoded: Decoded, memories: tuple[Memory, ...], look: bool) -> Decoded:
        """The decoder's output as the output layer is to read it; with `look`, with a trace."""
        hidden, trace = self.enrich(decoded.hidden, memories)
        return decoded._replace(
            hidden=hidden, trace=decoded.trace | trace if look else decoded.trace
        )


class NoContext(Context):
    """Every sentence by itself: the sentences before it are not even read.

    h'_t = h_t
    """

    name = "none"

    def remember(self, source: Source, reads: Reads) -> tuple[Memory, ...]:
        return ()

    def enrich(
        self, states: Tensor, memories: tuple[Memory, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        return states, {}
