"""Britz, Goldie, Luong and Le 2017, "Massive exploration of neural machine translation
architectures", arXiv 1703.03906, section 4.5 (multiplicative attention of a chosen width).
"""

from __future__ import annotations

from torch import Tensor, nn

from attncli.attention.base import Attention, Memory, NormalizerChoice, State
from attncli.recurring import Recurring, dot_products
from attncli.registry import Choice, Count


class Multiplicative(Attention):
    """The product of two linear images, of the query and of the source state.

        e_ts = (W_2 query_t) . (W_1 state_s)

    W_1 state_s is computed once per sentence. Nothing divides the product, so that its variance
    grows with its width, as in the paper.

    Options:
        dim: width of the product; 0 takes the query's
    """

    name = "multiplicative"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        dim: Count = 0,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__(query_dim, memory_dim, normalize=normalize)
        self.query = Recurring(query_dim, dim or query_dim, bias=False)
        self.key = nn.Linear(memory_dim, dim or query_dim, bias=False)

    def keys(self, states: Tensor) -> Tensor:
        projected: Tensor = self.key(states)
        return projected

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        projected: Tensor = self.query(query)
        return dot_products(projected, memory.keys)  # (batch, queries, src_len)
