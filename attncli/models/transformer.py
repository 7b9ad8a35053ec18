"""Vaswani et al. 2017, "Attention is all you need", arXiv 1706.03762."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from attncli.attention.base import Attention, AttentionChoice, Memory, State, all_steps
from attncli.errors import UsageError
from attncli.models.base import Seq2Seq
from attncli.models.context.base import Context
from attncli.models.decoded import HEADS, Decoded, Glimpse, GlimpseSizes, Source, by_layer
from attncli.models.dropout import Dropout
from attncli.models.embedding import Embedding, Tied, embeddings
from attncli.models.layers import Layers
from attncli.models.positions import Positions
from attncli.models.transformer_layers import DecoderLayer, EncoderLayer, Norm, Trace
from attncli.models.transformer_reading import (
    AttendWithin,
    ReadLayer,
    attend_within,
    read_on_rows,
    to_read,
)
from attncli.models.transformer_rows import WrittenLayer, on_rows
from attncli.models.transformer_source import barred
from attncli.models.transformer_writing import AttendOn, TransformerWriting, attend_on, grown
from attncli.models.writing import Writing
from attncli.registry import Choice, Count, Positive, Share


class Transformer(Seq2Seq):
    """Attention only: no recurrence, every target word computed at once in training.

    Options:
        attention: the attention of each head on the source
        self_attention: the attention of each head within a sentence
        heads: attentions side by side
        key_dim: width of a head's queries and keys; 0 divides `dim` among the heads
        dim: width of every state
        feed_forward: width of the feed-forward network
        layers: layers of the encoder
        decoder_layers: layers of the decoder; 0 takes the encoder's
        norm: normalize after each sub-layer (the paper) or before it
        positions: how the order of words is known
        context: how the decoder reads the previous sentences of the document
        source_context: how the encoder reads them
        window: a word looks at this many words on each side of it; 0 at all of them
        output: the output layer
        vectors: how an id becomes a vector
        tied: share the output layer's matrix with the target embedding, or all three
        dropout: share dropped of embeddings and of every sub-layer's output
    """

    name = "transformer"

    def __init__(
        self,
        src_vocab: int,
        tgt_vocab: int,
        *,
        attention: AttentionChoice = Choice("attention", "scaled-dot"),
        self_attention: AttentionChoice = Choice("attention", "scaled-dot"),
        heads: Positive = 4,
        key_dim: Count = 0,
        dim: Positive = 256,
        feed_forward: Positive = 512,
        layers: Positive = 3,
        decoder_layers: Count = 0,
        norm: Norm = "post",
        positions: Annotated[Choice, "positions"] = Choice("positions", "sinusoidal"),
        context: Annotated[Choice, "context"] = Choice("context", "none"),
        source_context: Annotated[Choice, "context"] = Choice("context", "none"),
        window: Count = 0,
        output: Annotated[Choice, "output"] = Choice("output", "projection"),
        vectors: Annotated[Choice, "vectors"] = Choice("vectors", "table"),
        tied: Tied = "none",
        dropout: Share = 0.1,
    ) -> None:
        super().__init__()
        each = {"heads": heads, "key_dim": key_dim}
        source_heads = Choice("attention", "multihead", {**each, "score": attention})
        own_heads = Choice("attention", "multihead", {**each, "score": self_attention})
        self.output = output.build(dim, tgt_vocab, GlimpseSizes(dim, dim, dim))
        self.src_embedding, self.tgt_embedding = embeddings(
            vectors, (src_vocab, tgt_vocab), dim, self.output, dim, tied
        )
        self.positions: Positions = positions.build(dim)
        self.longest = self.positions.longest
        self.dropout = Dropout(dropout)
        self.window = window
        self.encoder_layers = Layers(
            EncoderLayer(own_heads.build(dim, dim), dim, feed_forward, norm, dropout)
            for _ in range(layers)
        )
        self.decoder_layers = Layers(
            DecoderLayer(
                own_heads.build(dim, dim),
                source_heads.build(dim, dim),
                dim,
                feed_forward,
                norm,
                dropout,
            )
            for _ in range(decoder_layers or layers)
        )
        first = self.decoder_layers.at(0)
        if first.looks_back.positional:
            raise UsageError(
                f"model.self_attention '{self_attention.name}' goes by position, which the words "
                "written so far have not in a beam (try scaled-dot or additive)"
            )
        for held, chosen in ((first.looks_back, self_attention), (first.looks, attention)):
            if held.sequential:
                raise UsageError(
                    f"'{chosen.name}' waits for its own last step, and this model takes all steps "
                    "at once (try scaled-dot, or model.name=recurrent)"
                )
        pre = norm == "pre"
        self.encoder_norm = nn.LayerNorm(dim) if pre else nn.Identity()
        self.decoder_norm = nn.LayerNorm(dim) if pre else nn.Identity()
        self.context: Context = context.build(dim, dim)
        self.source_context: Context = source_context.build(dim, dim)
        # Of weights that do not change any more:
        self.reading: list[ReadLayer] = []
        self.frozen: list[WrittenLayer] = []
        self.attend_on: AttendOn = attend_on
        self.attend_within: AttendWithin = attend_within
        self.previous = max(self.context.previous, self.source_context.previous)

    def embed(self, table: Embedding, ids: Tensor, positions: Tensor) -> Tensor:
        """E y + position, (batch, length, dim)."""
        embedded: Tensor = self.dropout(table(ids) + self.positions(positions))
        return embedded

    def near(self, length: int, like: Tensor) -> Tensor:
        """True where two positions are within the window of each other: (1, length, length)."""
        steps = torch.arange(length, device=like.device)
        apart = (steps.unsqueeze(0) - steps.unsqueeze(1)).abs()
        return (apart <= (self.window or length)).unsqueeze(0)

    def read(self, ids: Tensor, mask: Tensor, look: bool) -> tuple[Tensor, list[Trace]]:
        """States (batch, src_len, dim) of ids and mask (batch, src_len); what each layer saw."""
        length = ids.size(1)
        states = self.embed(self.src_embedding, ids, torch.arange(length).to(ids))
        reach = mask.unsqueeze(1)
        if self.reading and not (look or self.training):  # and there is no window
            bars = barred(reach).expand(-1, length, -1).unsqueeze(1)
            states = read_on_rows(self.reading, states, bars, self.attend_within)
            return self.encoder_norm(states), []
        if self.window:
            reach = reach & self.near(length, ids)
        traces = []
        for layer in self.encoder_layers:
            states, trace = layer(states, reach, look)
            traces.append(trace)
        return self.encoder_norm(states), traces

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """What a reader may look at, (batch, src_len, dim); ids and mask are (batch, src_len)."""
        return self.read(ids, mask, look=False)[0]

    def encode(self, source: Source) -> tuple[tuple[Memory, ...], State]:
        states = self.states(source.ids, source.mask)
        states = self.source_context.encoded(states, source, self.states)
        memories = tuple(layer.looks.remember(states, source.mask) for layer in self.decoder_layers)
        memories += self.context.remember(source, self.states)
        start: State = {"position": source.ids.new_zeros(source.ids.size(0), 1)}
        start["lineage"] = source.ids.new_zeros(source.ids.size(0), 1, 0)
        return memories, start

    def reserve(self, memories: tuple[Memory, ...], queries: int, steps: int) -> tuple[Memory, ...]:
        room = []
        for layer, memory in zip(self.decoder_layers, memories, strict=False):
            one = memory.values.new_zeros(memory.mask.size(0), 1, self.tgt_embedding.weight.size(1))
            word = layer.looks_back.remember(one, memory.mask[:, 0, :1])
            keys, values = (
                part.new_zeros(*part.shape[:2], queries * steps, part.size(3))
                for part in (word.keys, word.values)
            )
            room.append(Memory(keys, values, memory.mask.new_zeros(len(one), 1, queries * steps)))
        return *room, *memories

    def freeze(self) -> None:
        super().freeze()
        self.frozen = on_rows(self.decoder_layers)
        # Within a window a word that is not real may have nothing to look at.
        self.reading = [] if self.window else to_read(self.encoder_layers)

    def fast_layers(self, look: bool) -> list[WrittenLayer]:
        """The decoder's layers on rows where these compute all that is asked for; else none."""
        apart = look or self.output.looks or self.training or self.context.previous
        return [] if apart else self.frozen or on_rows(self.decoder_layers)

    def writing(
        self, memories: tuple[Memory, ...], queries: int, steps: int, look: bool
    ) -> Writing:
        layers = self.fast_layers(look)
        if not layers:
            return super().writing(memories, queries, steps, look)
        positions = self.positions(torch.arange(steps, device=memories[0].mask.device))
        return TransformerWriting(
            layers,
            list(memories),
            queries,
            steps,
            lambda token, step: self.tgt_embedding(token) + positions[step],
            self.decoder_norm,
            self.window,
        )

    def pure_step(
        self, token: Tensor, room: tuple[Memory, ...], memories: tuple[Memory, ...], state: State
    ) -> tuple[Decoded, tuple[Memory, ...]]:
        layers = self.fast_layers(look=False)
        if not layers:
            return super().pure_step(token, room, memories, state)
        position, past = state["position"].expand(token.shape), state["lineage"]
        words = self.embed(self.tgt_embedding, token, position)
        states, longer, lineage = grown(
            layers,
            words,
            room,
            memories,
            past.expand(*token.shape, -1),
            self.window,
            self.attend_on,
        )
        after = {"position": position + 1, "lineage": lineage}
        return Decoded(self.decoder_norm(states), None, after, {}, {}), longer

    def decode_step(
        self, token: Tensor, memories: tuple[Memory, ...], state: State, look: bool = False
    ) -> Decoded:
        batch, queries = token.shape
        past = state["lineage"].expand(batch, queries, -1)  # (batch, queries, steps so far)
        begin = past.size(2) * queries
        slots = torch.arange(begin, begin + queries, device=token.device)
        lineage = torch.cat([past, slots.expand(batch, queries).unsqueeze(2)], 2)
        reach = lineage[:, :, -(self.window + 1) :] if self.window else lineage
        mask = torch.zeros(batch, queries, begin + queries, dtype=torch.bool, device=token.device)
        mask.scatter_(2, reach, True)
        position = state["position"].expand(batch, queries)
        inputs = self.embed(self.tgt_embedding, token, position)
        count = len(self.decoder_layers)
        seen: list[Trace] = []
        states = context = inputs
        sources, rooms = memories[count : 2 * count], memories[:count]
        for layer, source, room, looks in zip(
            self.decoder_layers, sources, rooms, self.looks(look), strict=True
        ):
            entered = layer.around_looks_back.enter(states)
            written = layer.looks_back.remember(entered, mask[:, 0, begin:])
            room.keys[:, :, begin : begin + queries] = written.keys
            room.values[:, :, begin : begin + queries] = written.values
            end = begin + queries
            own = Memory(room.keys[:, :, :end], room.values[:, :, :end], mask)
            states, _, trace, context = layer(states, own, source, {"position": position}, looks)
            seen.append(trace)
        after = {"position": position + 1, "lineage": lineage}
        decoded = _decoded(self.decoder_norm(states), context, inputs, seen)._replace(state=after)
        found: Decoded = self.context(decoded, memories[2 * count :], look)
        return found

    def looks(self, look: bool) -> list[bool]:
        """Which layers keep their weights: all or none, but the last one where the output asks."""
        return [look] * (len(self.decoder_layers) - 1) + [look or self.output.looks]

    def forward(self, source: Source, tgt: Tensor, look: bool = False) -> Decoded:
        return self.write(source, tgt, look)[0]

    def readers(self) -> list[Attention]:
        return [layer.looks for layer in self.decoder_layers]

    def self_attention(self, source: Source, tgt: Tensor) -> dict[str, Tensor]:
        _, encoder = self.read(source.ids, source.mask, look=True)
        _, decoder = self.write(source, tgt, look=True)
        return {
            "encoder": by_layer(encoder)[HEADS].movedim(1, 3),
            "decoder": by_layer(decoder)[HEADS].movedim(1, 3),
        }

    def write(self, source: Source, tgt: Tensor, look: bool) -> tuple[Decoded, list[Trace]]:
        """All steps after the words `tgt`, and what each layer saw of those words."""
        memories, state = self.encode(source)
        length = tgt.size(1)
        steps = all_steps({"position": state["position"]}, length)
        inputs = self.embed(self.tgt_embedding, tgt, steps["position"])
        past = torch.ones(length, length, dtype=torch.bool, device=tgt.device).tril()
        mask = past.unsqueeze(0) & self.near(length, tgt)
        mask = mask.expand(tgt.size(0), -1, -1)
        count = len(self.decoder_layers)
        back, seen = [], []
        states = context = inputs
        for layer, memory, looks in zip(
            self.decoder_layers, memories[:count], self.looks(look), strict=True
        ):
            entered = layer.around_looks_back.enter(states)
            own = layer.looks_back.remember(entered, mask[:, 0])._replace(mask=mask)
            states, trace_back, trace, context = layer(states, own, memory, steps, looks)
            back.append(trace_back)
            seen.append(trace)
        decoded = _decoded(self.decoder_norm(states), context, inputs, seen)
        found: Decoded = self.context(decoded, memories[count:], look)
        return found, back


def _decoded(hidden: Tensor, context: Tensor, words: Tensor, seen: list[Trace]) -> Decoded:
    trace = by_layer(seen)
    weights = trace.pop(HEADS).movedim(1, 3) if trace else None
    last = seen[-1]
    glimpse = Glimpse(context, hidden, words, last[HEADS].mean(2)) if last else None
    return Decoded(hidden, weights, {}, trace, {}, glimpse)
