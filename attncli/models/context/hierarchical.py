"""Miculicich, Ram, Pappas and Henderson 2018, "Document-level neural machine translation with
hierarchical attention networks", arXiv 1809.01576, section 2.2, eq. 3 to 8.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncli.attention.base import Attention, AttentionChoice, Memory, all_steps
from attncli.errors import UsageError
from attncli.models.context.base import Context, Reads
from attncli.models.decoded import Source
from attncli.models.transformer_layers import FeedForward
from attncli.registry import Choice, Positive


class Hierarchical(Context):
    """Each word looks into every previous sentence, then over what it found in each of them.

        s_tj = MultiHead_i(h_t, state_ji)               over the words i of sentence j
        d_t = FFN(MultiHead_j(h_t, s_tj + distance_j))  over the sentences
        lambda_t = sigmoid(W [h_t ; d_t])
        h'_t = LayerNorm((1 - lambda_t) h_t + lambda_t d_t)

    The paper's linear f_w and f_s are the query projections of the two MultiHeads. Its sentences
    have no order; distance_j, which is 0 before training, says how far back a sentence stands.
    Where nothing stands before a sentence lambda_t is 0. As a source context h_t is a state of the
    encoder. The weights of the sum are those of the
    authors' program; the paper's eq. 8 exchanges them.

    Options:
        sentences: previous sentences that are read
        heads: attentions side by side, over words and over sentences
        attention: the attention of each head
        feed_forward: width of the feed-forward network
    """

    name = "hierarchical"

    def __init__(
        self,
        query_dim: int,
        memory_dim: int,
        *,
        sentences: Positive = 3,
        heads: Positive = 4,
        attention: AttentionChoice = Choice("attention", "scaled-dot"),
        feed_forward: Positive = 512,
    ) -> None:
        super().__init__(query_dim, memory_dim)
        self.previous = sentences
        side_by_side = Choice("attention", "multihead", {"heads": heads, "score": attention})
        self.words: Attention = side_by_side.build(query_dim, memory_dim)
        self.sentences: Attention = side_by_side.build(query_dim, query_dim)
        if self.words.sequential or self.words.positional:
            raise UsageError(
                f"the heads of {self.name} cannot hold '{attention.name}', which goes by the "
                "target's position or its own last step (try scaled-dot)"
            )
        self.distance = nn.Parameter(torch.zeros(sentences, query_dim))
        self.feed_forward = FeedForward(query_dim, feed_forward)
        self.gate = nn.Linear(2 * query_dim, query_dim)
        self.norm = nn.LayerNorm(query_dim)

    def remember(self, source: Source, reads: Reads) -> tuple[Memory, ...]:
        """One memory, its keys and values (batch, sentences, heads, src_len, head_dim)."""
        before = source.previous(self.previous)
        batch, sentences, _ = before.mask.shape
        ids, mask = before.ids.flatten(0, 1), before.mask.flatten(0, 1)
        readable = mask.clone()
        readable[:, 0] = True  # no encoder reads an empty sentence; `mask` hides what comes of it
        memory = self.words.remember(reads(ids, readable), mask)
        return (Memory(*(part.view(batch, sentences, *part.shape[1:]) for part in memory)),)

    def enrich(
        self, states: Tensor, memories: tuple[Memory, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        (memory,) = memories
        batch, queries, _ = states.shape
        present = memory.mask.any(-1).squeeze(2)  # (batch, sentences)
        sentences = present.size(1)
        inside = Memory(*(part.flatten(0, 1) for part in memory))
        words = self.words(
            states.repeat_interleave(sentences, 0), inside, _positions(inside, queries)
        )
        summaries = words.context.unflatten(0, (batch, sentences)).transpose(1, 2)
        summaries = summaries + self.distance[:sentences]  # (batch, queries, sentences, query_dim)
        across = self.sentences.remember(
            summaries.flatten(0, 1), present.repeat_interleave(queries, 0)
        )
        query = states.reshape(batch * queries, 1, -1)
        seen = self.sentences(query, across, _positions(across, 1))
        found = self.feed_forward(seen.context.view_as(states))
        gate = torch.sigmoid(self.gate(torch.cat([states, found], -1)))
        gate = gate * present.any(1).view(batch, 1, 1)
        trace = {
            "context.words": words.weights.unflatten(0, (batch, sentences)).transpose(1, 2),
            "context.sentences": seen.weights.view(batch, queries, sentences),
            "context.gate": gate.mean(-1),
        }
        return self.norm((1 - gate) * states + gate * found), trace


def _positions(memory: Memory, queries: int) -> dict[str, Tensor]:
    """The attention's state for all queries; a head of MultiHead never waits for the last step."""
    start = memory.mask.new_zeros(memory.mask.size(0), 1, dtype=torch.long)
    return all_steps({"position": start}, queries)
