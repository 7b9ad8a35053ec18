"""The recurrent encoder-decoder: Bahdanau 2015, Luong 2015, and what lies between them."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from attncli.attention.base import Attention, AttentionChoice, Memory, State
from attncli.errors import UsageError
from attncli.models.base import Seq2Seq
from attncli.models.bridge import Bridge, BridgeSizes
from attncli.models.cells import CellChoice
from attncli.models.context.base import Context
from attncli.models.decoded import Decoded, Source
from attncli.models.dropout import Dropout
from attncli.models.embedding import Tied, embeddings
from attncli.models.encoder import Encoded, RecurrentEncoder
from attncli.models.intra import Intra
from attncli.models.output import Output
from attncli.models.wiring.base import DecoderPlan, Wiring
from attncli.models.words_once import WordsOnce
from attncli.models.writing import PlainWriting, Writing
from attncli.registry import Choice, Positive, Share

MANY = 64
"""From so many hypotheses on it takes less time to look words up than to read them again."""


class Recurrent(Seq2Seq):
    """A recurrent encoder and a recurrent decoder around one attention.

    Options:
        attention: where the decoder looks
        reads: when it looks: before, after or between its state updates
        cell: the recurrent cell of encoder and decoder
        readout: what the output layer reads
        context: how the decoder reads the previous sentences of the document
        source_context: how the encoder reads them
        bridge: where the decoder's first state comes from
        output: the output layer
        encoder: the order in which the source is read
        intra: what the encoder's states know of each other beside the recurrence
        embedding: width of the embeddings
        hidden: width of the decoder's state, and of the encoder's over both directions
        layers: layers of encoder and decoder
        vectors: how an id becomes a vector
        tied: share the output layer's matrix with the target embedding, or all three
        embedding_dropout: share of the embeddings' values dropped
        context_dropout: share of the encoder states' values dropped
        layer_dropout: share dropped between layers
        output_dropout: share dropped before the output layer
    """

    name = "recurrent"

    def __init__(
        self,
        src_vocab: int,
        tgt_vocab: int,
        *,
        attention: AttentionChoice = Choice("attention", "general"),
        reads: Annotated[Choice, "wiring"] = Choice("wiring", "after"),
        cell: CellChoice = Choice("cell", "lstm"),
        readout: Annotated[Choice, "readout"] = Choice("readout", "tanh"),
        context: Annotated[Choice, "context"] = Choice("context", "none"),
        source_context: Annotated[Choice, "context"] = Choice("context", "none"),
        bridge: Annotated[Choice, "bridge"] = Choice("bridge", "last"),
        output: Annotated[Choice, "output"] = Choice("output", "projection"),
        encoder: Literal["bidirectional", "forward", "reversed"] = "bidirectional",
        intra: Annotated[Choice, "intra"] = Choice("intra", "none"),
        embedding: Positive = 256,
        hidden: Positive = 512,
        layers: Positive = 1,
        vectors: Annotated[Choice, "vectors"] = Choice("vectors", "table"),
        tied: Tied = "none",
        embedding_dropout: Share = 0.2,
        context_dropout: Share = 0.0,
        layer_dropout: Share = 0.2,
        output_dropout: Share = 0.2,
    ) -> None:
        super().__init__()
        self.encoder = RecurrentEncoder(cell, embedding, hidden, layers, encoder, layer_dropout)
        looks: Attention = attention.build(hidden, hidden)
        plan = DecoderPlan(embedding, hidden, layers, looks, cell, readout, layer_dropout)
        self.decoder: Wiring = reads.build(plan)
        self.bridge: Bridge = bridge.build(
            BridgeSizes(hidden, hidden, layers, self.decoder.parts, self.encoder.directions)
        )
        width = self.decoder.readout.dim
        self.context: Context = context.build(width, hidden)
        self.source_context: Context = source_context.build(hidden, hidden)
        self.previous = max(self.context.previous, self.source_context.previous)
        self.output: Output = output.build(width, tgt_vocab, self.decoder.sees)
        if self.context.previous and self.output.spreads:
            raise UsageError(
                f"model.output={output.name} reads single positions of this sentence, and cannot "
                f"read others with model.context={context.name}"
            )
        self.src_embedding, self.tgt_embedding = embeddings(
            vectors, (src_vocab, tgt_vocab), embedding, self.output, width, tied
        )
        self.intra: Intra = intra.build(hidden)
        self.embedding_dropout = Dropout(embedding_dropout)
        self.context_dropout = Dropout(context_dropout)
        self.output_dropout = Dropout(output_dropout)

    def read(self, ids: Tensor, mask: Tensor) -> Encoded:
        """Sentences as the encoder sees them, from their ids and mask (batch, src_len)."""
        encoded: Encoded = self.encoder(self.embedding_dropout(self.src_embedding(ids)), mask)
        return encoded._replace(states=self.intra(encoded.states, mask))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """What a reader may look at, (batch, src_len, hidden)."""
        states: Tensor = self.context_dropout(self.read(ids, mask).states)
        return states

    def encode(self, source: Source) -> tuple[tuple[Memory, ...], State]:
        encoded = self.read(source.ids, source.mask)
        states = self.context_dropout(encoded.states)
        states = self.source_context.encoded(states, source, self.states)
        memory = self.decoder.attention.remember(states, source.mask)
        before = self.context.remember(source, self.states)
        return (memory, *before), self.decoder.start(self.bridge(encoded), memory)

    def readers(self) -> list[Attention]:
        return [self.decoder.attention]

    def writing(
        self, memories: tuple[Memory, ...], queries: int, steps: int, look: bool
    ) -> Writing:
        if memories[0].mask.size(0) * queries < MANY:
            return super().writing(memories, queries, steps, look)
        first = self.decoder.first
        projected = WordsOnce(
            lambda words: first.project(self.tgt_embedding(words)),
            vocab=self.tgt_embedding.vocab,
            width=first.input.out_features,
            like=first.input.weight,
        )

        def step(token: Tensor, memories: tuple[Memory, ...], state: State, look: bool) -> Decoded:
            embedded = self.tgt_embedding(token)
            return self.written(projected(token), embedded, memories, state, look)

        return PlainWriting(step, memories)

    def decode_step(
        self, token: Tensor, memories: tuple[Memory, ...], state: State, look: bool = False
    ) -> Decoded:
        embedded = self.tgt_embedding(token)
        return self.written(self.decoder.first.project(embedded), embedded, memories, state, look)

    def written(
        self,
        projected: Tensor,
        embedded: Tensor,
        memories: tuple[Memory, ...],
        state: State,
        look: bool,
    ) -> Decoded:
        """One step after words that are `projected` and `embedded`, (batch, queries, ...)."""
        looks = look or self.output.looks
        decoded = self.decoder.step(projected, embedded, memories[0], state, looks)
        decoded = self.output.spread(decoded, memories[0], self.decoder.readout)
        found: Decoded = self.context(decoded, memories[1:], look)
        return found

    def forward(self, source: Source, tgt: Tensor, look: bool = False) -> Decoded:
        (memory, *before), state = self.encode(source)
        embedded = self.embedding_dropout(self.tgt_embedding(tgt))
        decoded = self.decoder.run(embedded, memory, state, look or self.output.looks)
        decoded = self.output.spread(decoded, memory, self.decoder.readout)
        decoded = self.context(decoded, (*before,), look)
        found: Decoded = decoded._replace(hidden=self.output_dropout(decoded.hidden))
        return found
