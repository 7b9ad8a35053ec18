"""The contract of an attention: score the source positions, normalize, read."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from attncli.attention.normalizers.base import Normalizer
from attncli.errors import UsageError
from attncli.recurring import weighted_sums
from attncli.registry import Choice

State = dict[str, Tensor]
"""What a step hands to the next one; every tensor is (batch, queries, ...)."""

AttentionChoice = Annotated[Choice, "attention"]
NormalizerChoice = Annotated[Choice, "normalizer"]


class Memory(NamedTuple):
    """What one reader may look at: made once per source sentence, shared by all its queries."""

    keys: Tensor  # (batch, src_len, key_dim), already projected by the attention
    values: Tensor  # (batch, src_len, memory_dim)
    mask: Tensor  # (batch, 1 or queries, src_len), True where something is real

    def select(self, rows: Tensor) -> Memory:
        """The memory of some sentences of the batch; `rows` (rows,) are their indices."""
        return Memory(*(part.index_select(0, rows) for part in self))

    def longer(self, places: int) -> Memory:
        """The memory with so many more places at its end, which are empty."""
        if places == 0:
            return self
        keys, values = (nn.functional.pad(part, (0, 0, 0, places)) for part in self[:2])
        return Memory(keys, values, nn.functional.pad(self.mask, (0, places)))


class Heads(NamedTuple):
    """The projections around scaled dot products side by side (Vaswani et al. 2017, eq. 1)."""

    number: int
    query: nn.Linear
    key: nn.Linear
    value: nn.Linear
    join: nn.Linear


class Attended(NamedTuple):
    """What came of one look at the source.

    All that is in `trace` is drawn, by its shape and its name: one number a query as a gate, one a
    source position as a shade; "centre", "begin" and "end" are places in the source, from 0.
    """

    context: Tensor  # (batch, queries, context_dim)
    weights: Tensor | None  # (batch, queries, src_len); None: this mechanism looks at nothing
    state: State
    trace: dict[str, Tensor]  # to look at: (batch, queries) or (batch, queries, src_len)
    losses: dict[str, Tensor]  # (batch, queries), weighted by name in the objective


class Attention(nn.Module):
    """Scores every source position for every query, normalizes, and reads the weighted sum.

        e_ts = score(query_t, key_s)      a_t = normalize(e_t)      c_t = sum_s a_ts value_s

    A subclass gives `score`, and overrides another stage only where its paper differs.

    Options:
        normalize: what turns the scores into weights
    """

    family: ClassVar[str] = "attention"
    name: ClassVar[str | None] = None
    aliases: ClassVar[tuple[str, ...]] = ()
    # One that holds another attention claims for itself what that one claims.
    sequential: bool = False  # a step depends on the weights of the steps before
    positional: bool = False  # the order of the source matters beyond the memory
    normalized: bool = True  # the weights of a query sum to one
    sampled: ClassVar[bool] = False  # in training it draws, and brings `log_prob` and `entropy`
    equal_sizes: ClassVar[bool] = False  # query and memory must be of one size
    cost: ClassVar[str] = "O(S)"  # of one step, in source words S, by the equation

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        normalize: NormalizerChoice = Choice("normalizer", "softmax"),
    ) -> None:
        super().__init__()
        if self.equal_sizes and query_dim != memory_dim:
            raise UsageError(
                f"{self.name} needs equal sizes: the query has {query_dim}, "
                f"the memory {memory_dim} (try general)"
            )
        self.query_dim = query_dim
        self.memory_dim = memory_dim
        self.context_dim = memory_dim
        self.extra_dim = 1
        self.normalize: Normalizer = normalize.build()

    def remember(self, states: Tensor, mask: Tensor) -> Memory:
        """The memory of encoder states (batch, src_len, memory_dim), mask (batch, src_len)."""
        return Memory(self.keys(states), states, mask.unsqueeze(1))

    def keys(self, states: Tensor) -> Tensor:
        """The half of the score that depends on the source alone: (..., src_len, key_dim).

        States are (batch, src_len, memory_dim), or have heads in between.
        """
        return states

    def start(self, memory: Memory) -> State:
        """The state before the first target word: which target position comes next."""
        return {"position": memory.mask.new_zeros(memory.mask.size(0), 1, dtype=torch.long)}

    def reachable(self, memory: Memory) -> Tensor:
        """The positions that have a score, (batch, 1 or queries, src_len)."""
        return memory.mask

    def score(self, query: Tensor, memory: Memory, state: State) -> Tensor:
        """Scores (batch, queries, src_len) of queries (batch, queries, query_dim)."""
        raise NotImplementedError

    def score_with(self, query: Tensor, memory: Memory, state: State, extra: Tensor) -> Tensor:
        """Scores where something more is known of each position, such as its coverage.

        `extra` (batch, queries, src_len, extra_dim) is that, projected; here it is added.
        """
        return self.score(query, memory, state) + extra.squeeze(-1)

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        """Looks once for each query (batch, queries, query_dim)."""
        scores = self.score(query, memory, state)
        weights = self.normalize(scores, self.reachable(memory))
        return Attended(
            weighted_sums(weights, memory.values), weights, next_step(state), {"scores": scores}, {}
        )

    def refuse_normalizer(self, because: str) -> None:
        """For a subclass in which nothing normalizes the scores.

        Raises:
            UsageError: another normalizer than the usual one was chosen, without effect.
        """
        if self.normalize.name != "softmax":
            raise UsageError(
                f"{self.name} {because}, so the normalizer '{self.normalize.name}' has no effect: "
                "leave it out"
            )

    @property
    def product(self) -> bool:
        """Whether this is softmax(q . k / sqrt(dim)) of a head's own query and key, and no more."""
        return False

    def innermost(self) -> Attention:
        """The attention that weighs the values: this one, unless it holds several heads."""
        return self

    def read(self, query: Tensor, memory: Memory, state: State) -> tuple[Tensor, State]:
        """The context alone; overridden where a fused kernel gives it without the weights."""
        attended = self(query, memory, state)
        return attended.context, attended.state

    def read_heads(self, query: Tensor, memory: Memory) -> Tensor | None:
        """The contexts of several heads at once, where a fused kernel gives them; None elsewhere.

        Queries, keys and values are (batch, heads, length, dim), the mask is that of one head.
        """
        return None

    def heads_of_products(self) -> Heads | None:
        """What is around the heads where each is a plain `product`; None elsewhere."""
        return None


def next_step(state: State) -> State:
    """The same state, one target position later."""
    return {**state, "position": state["position"] + 1}


def all_steps(state: State, steps: int) -> State:
    """The start state of an attention that is not sequential, for `steps` target words at once."""
    first = state["position"]
    return {"position": first + torch.arange(steps, device=first.device)}


def for_each(part: Tensor, queries: int) -> Tensor:
    """A part (batch, 1 or queries, ...) for so many queries, each with numbers of its own.

    Where they shared them, products would be taken one by one for each sentence.
    """
    return part.expand(part.size(0), queries, *part.shape[2:]).contiguous()


def reordered(state: State, order: Tensor) -> State:
    """Parts (batch, queries, ...) by a choice of queries (batch, chosen): (batch, chosen, ...).

    All have the same number of queries; where that is one, every choice is that one.
    """
    if not state:
        return {}
    batch, queries = next(iter(state.values())).shape[:2]
    if queries == 1:
        return {name: for_each(part, order.size(1)) for name, part in state.items()}
    first = torch.arange(0, batch * queries, queries, device=order.device)
    rows = (first.unsqueeze(1) + order).flatten()  # (batch * chosen,), each a row of a part
    return {
        name: part.flatten(0, 1).index_select(0, rows).view(*order.shape, *part.shape[2:])
        for name, part in state.items()
    }
