"""Vaswani et al. 2017, "Attention is all you need", arXiv 1706.03762, section 3.2.2.

Several attentions side by side, each on its own projection of the same states.
"""

from __future__ import annotations

from torch import Tensor, nn

from attncli.attention.base import (
    Attended,
    Attention,
    AttentionChoice,
    Heads,
    Memory,
    State,
    next_step,
)
from attncli.errors import UsageError
from attncli.registry import Choice, Count, Positive


class MultiHead(Attention):
    """Several attentions side by side, each on its own projection of query and states.

        c_t = W_O [head_1 ; ... ; head_h]      head_i = attend(W_Qi query, W_Ki states, W_Vi states)

    The heads are folded into the batch, so that any attention can be held, one that waits for its
    last step among them. `weights` is the mean over heads; `trace["heads"]` keeps each one, and
    `trace["heads.NAME"]` their own traces.

    Options:
        heads: attentions side by side; the width is divided among them
        score: the attention of each head
        key_dim: width of a head's queries and keys; 0 takes that of its values
    """

    name = "multihead"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        heads: Positive = 4,
        score: AttentionChoice = Choice("attention", "scaled-dot"),
        key_dim: Count = 0,
    ) -> None:
        super().__init__(query_dim, memory_dim)
        if query_dim % heads:
            raise UsageError(f"{heads} heads do not divide a width of {query_dim}")
        self.heads = heads
        self.head_dim = query_dim // heads
        key_dim = key_dim or self.head_dim
        self.context_dim = query_dim
        self.attention: Attention = score.build(key_dim, key_dim)
        keeps_form = type(self.attention).remember is Attention.remember
        fits = keeps_form and self.attention.context_dim == key_dim
        if self.attention.sampled or not fits:
            raise UsageError(f"the heads of {self.name} cannot hold '{score.name}'")
        if self.attention.sequential and key_dim != self.head_dim:
            raise UsageError(
                f"heads that hold '{score.name}' read their values to go on, and cannot have keys "
                "of another width: leave key_dim out"
            )
        self.sequential = self.attention.sequential
        self.positional = self.attention.positional
        self.normalized = self.attention.normalized
        self.query = nn.Linear(query_dim, heads * key_dim)
        self.key = nn.Linear(memory_dim, heads * key_dim)
        self.value = nn.Linear(memory_dim, query_dim)
        self.join = nn.Linear(query_dim, query_dim)
        for projection in (self.query, self.key, self.value, self.join):
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)

    def split(self, joined: Tensor) -> Tensor:
        """(batch, length, heads * width) to (batch, heads, length, width)."""
        batch, length, _ = joined.shape
        return joined.view(batch, length, self.heads, -1).transpose(1, 2)

    def remember(self, states: Tensor, mask: Tensor) -> Memory:
        """The memory, its keys and values (batch, heads, src_len, head_dim)."""
        keys = self.attention.keys(self.split(self.key(states)))
        return Memory(keys, self.split(self.value(states)), mask.unsqueeze(1))

    def start(self, memory: Memory) -> State:
        return self._unfolded(self.attention.start(self._folded_memory(memory)))

    def forward(self, query: Tensor, memory: Memory, state: State) -> Attended:
        asked = self.split(self.query(query))
        attended = self.attention(*self._folded(asked, memory, state))
        heads = self._by_head(attended.weights)
        trace = {"heads": heads.transpose(1, 2)}  # (batch, queries, heads, src_len)
        for name, part in attended.trace.items():
            trace[f"heads.{name}"] = self._by_head(part).transpose(1, 2)
        after = self._unfolded(attended.state)
        losses = {name: self._by_head(part).mean(1) for name, part in attended.losses.items()}
        context = self._joined(self._by_head(attended.context))
        return Attended(context, heads.mean(1), after, trace, losses)

    def innermost(self) -> Attention:
        return self.attention.innermost()

    def read(self, query: Tensor, memory: Memory, state: State) -> tuple[Tensor, State]:
        asked = self.split(self.query(query))
        at_once = self.attention.read_heads(asked, memory)
        if at_once is not None:
            return self._joined(at_once), next_step(state)
        context, after = self.attention.read(*self._folded(asked, memory, state))
        return self._joined(self._by_head(context)), self._unfolded(after)

    def heads_of_products(self) -> Heads | None:
        if not self.attention.product:
            return None
        return Heads(self.heads, self.query, self.key, self.value, self.join)

    def _folded(self, asked: Tensor, memory: Memory, state: State) -> tuple[Tensor, Memory, State]:
        position = self._for_each(state["position"])
        apart = {name: part for name, part in state.items() if name != "position"}
        inner = {name: part.transpose(1, 2).flatten(0, 1) for name, part in apart.items()}
        folded = self._folded_memory(memory)
        return asked.flatten(0, 1), folded, {**inner, "position": position}

    def _folded_memory(self, memory: Memory) -> Memory:
        keys, values = memory.keys.flatten(0, 1), memory.values.flatten(0, 1)
        return Memory(keys, values, self._for_each(memory.mask))

    def _unfolded(self, state: State) -> State:
        """The heads' state, each part but the common position (batch, queries, heads, ...)."""
        apart = {name: self._by_head(part).transpose(1, 2) for name, part in state.items()}
        return {**apart, "position": state["position"][:: self.heads]}

    def _joined(self, contexts: Tensor) -> Tensor:
        """The heads' contexts (batch, heads, queries, dim) as one, (batch, queries, query_dim)."""
        joined: Tensor = self.join(contexts.transpose(1, 2).flatten(2))
        return joined

    def _for_each(self, shared: Tensor) -> Tensor:
        """(batch, ...) to (batch * heads, ...), the same for every head."""
        batch, *rest = shared.shape
        return shared.unsqueeze(1).expand(batch, self.heads, *rest).flatten(0, 1)

    def _by_head(self, folded: Tensor) -> Tensor:
        """(batch * heads, ...) to (batch, heads, ...)."""
        return folded.view(-1, self.heads, *folded.shape[1:])
