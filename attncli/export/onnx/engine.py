"""Translation by ONNX Runtime: the model is graphs, and the search is attncli's own.

One sentence that is decoded greedily is written in one run of a graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from attncli.attention.base import Memory, State
from attncli.decoding import Encoded
from attncli.errors import UsageError
from attncli.experiment import Loaded, source_of
from attncli.export.onnx.examples import STATE, TOKEN, Held
from attncli.export.onnx.graphs import AFTER
from attncli.export.onnx.library import runtime
from attncli.export.onnx.loop import ENDS, LIMIT, LOG_PROBS, WORDS
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source
from attncli.models.output import Output
from attncli.models.writing import Writing
from attncli.parallel import forks
from attncli.search import Found, Search
from attncli.search.finished import Entry, History
from attncli.text.piece_model import BOS, EOS
from attncli.translate import Translator

FILES = ("encode.onnx", "step.onnx", "greedy.onnx")
ERRORS_ONLY = 3
NOT_BUSY = ("session.force_spinning_stop", "1")  # threads wait busily within a run, not between


class Graph:
    """A graph as a function of named tensors, run with as many threads as torch has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sessions: dict[int, Any] = {}  # by their threads
        self.inputs: list[str] = []  # their names, once there is a session
        self.outputs: list[str] = []

    def session(self, threads: int) -> Any:
        """ONNX Runtime's, with so many threads; one that has a single thread may be forked."""
        if threads not in self.sessions:
            options = runtime().SessionOptions()
            options.intra_op_num_threads = threads
            options.log_severity_level = ERRORS_ONLY
            options.add_session_config_entry(*NOT_BUSY)
            found = runtime().InferenceSession(str(self.path), options)
            self.inputs = [one.name for one in found.get_inputs()]
            self.outputs = [one.name for one in found.get_outputs()]
            self.sessions[threads] = found
        return self.sessions[threads]

    def __call__(self, given: State) -> State:
        """What comes of the inputs, by name."""
        session = self.session(torch.get_num_threads())
        inputs = {name: given[name].numpy() for name in self.inputs}
        found = session.run(self.outputs, inputs)
        return dict(zip(self.outputs, map(torch.from_numpy, found), strict=True))


class Scored(Output):
    """Of a graph that scores words itself: the hidden states are log-probabilities."""

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        return decoded.hidden


class ExportedModel(Seq2Seq):
    """A model whose encoder and step are graphs, FILES of a folder.

    `plain` is the model that was exported.
    """

    def __init__(self, plain: Seq2Seq, folder: Path) -> None:
        super().__init__()
        self.plain = plain
        self.longest = plain.longest
        self.output = Scored()
        self.encoder, self.one_step, self.all_steps = (Graph(folder / name) for name in FILES)
        self.room_of_one: tuple[Memory, ...] | None = None

    def encode(self, source: Source) -> tuple[tuple[Memory, ...], State]:
        found = self.encoder({"source": source.ids, "source_mask": source.mask})
        _, memories, state = Held.of(found)
        return memories, state

    def writing(
        self, memories: tuple[Memory, ...], queries: int, steps: int, look: bool
    ) -> Writing:
        return ExportedWriting(self.one_step, self.room(memories), memories)

    def room(self, memories: tuple[Memory, ...]) -> tuple[Memory, ...]:
        """What a step writes into, before the first one: of every sentence the same."""
        if self.room_of_one is None:
            one = tuple(memory.select(torch.tensor([0])) for memory in memories)
            reserved = self.plain.reserve(one, 1, 0)
            self.room_of_one = reserved[: len(reserved) - len(memories)]
        batch = memories[0].mask.size(0)
        return tuple(
            Memory(*(part.expand(batch, *part.shape[1:]) for part in memory))
            for memory in self.room_of_one
        )

    def greedily(self, source: Source, limit: int) -> Entry:
        """What greedy decoding makes of one sentence, all of it in one run of a graph."""
        memories, state = self.encode(source)
        held = Held(self.room(memories), memories, state)
        begin = {LIMIT: torch.tensor(limit), TOKEN: torch.full((1, 1), BOS)}
        found = self.all_steps(begin | held.named())
        words, log_probs = found[WORDS].flatten().tolist(), found[LOG_PROBS].flatten()
        if len(words) == limit:
            words[-1], log_probs[-1] = EOS, found[ENDS][-1]
        total = float(log_probs.sum())
        return Entry(total, total, words, [0] * len(words))


class ExportedWriting:
    """A batch of sentences that is written by a graph."""

    def __init__(self, step: Graph, room: tuple[Memory, ...], memories: tuple[Memory, ...]) -> None:
        self.graph = step
        self.written = list(Held(room, (), {}).named())  # the names of what it writes into
        self.held = Held(room, memories, {}).named()
        self.steps = 0

    def step(self, token: Tensor, state: State, look: bool) -> Decoded:
        slots = self.steps * token.size(1)  # after a first step with one query there are fewer
        for name in self.written:
            missing = slots - self.held[name].size(-2)
            if missing:
                self.held[name] = pad(self.held[name], (0, 0, 0, missing))
        begun = {STATE + name: part for name, part in state.items()}
        found = self.graph({TOKEN: token} | self.held | begun)
        self.held |= {name: found[AFTER + name] for name in self.written}
        self.steps += 1
        after = {name: found[AFTER + STATE + name] for name in state}
        return Decoded(found["log_probs"], None, after, {}, {})

    def keep(self, rows: Tensor) -> None:
        self.held = {name: part.index_select(0, rows) for name, part in self.held.items()}


class OnnxTranslator(Translator):
    """Translates with the graphs that `attncli export` wrote into `folder`.

    Raises:
        UsageError: ONNX Runtime is not installed, or the search asks for attention.
    """

    def __init__(
        self, loaded: Loaded, search: Search, folder: Path, sentences: int, seed: int
    ) -> None:
        super().__init__([loaded], search, sentences=sentences, seed=seed)
        runtime()
        if search.coverage_penalty or search.replace_unknown:
            raise UsageError(
                "--engine onnx knows nothing of attention (search.coverage_penalty and "
                "search.replace_unknown need --engine torch)"
            )
        self.model: ExportedModel = ExportedModel(loaded.model, folder)

    def decode(self, encoded: Sequence[Encoded], look: bool) -> list[list[Found]]:
        """Translations of sentences, in their order; attention is not to be had."""
        if len(encoded) == 1 and self.search.greedy:
            return self.at_once(encoded[0])
        if forks(math.ceil(len(encoded) / self.sentences)):
            for graph in (self.model.encoder, self.model.one_step):
                graph.session(threads=1)
        return super().decode(encoded, look=False)

    @torch.inference_mode()
    def at_once(self, encoded: Encoded) -> list[list[Found]]:
        """The greedy translation of one sentence."""
        source = source_of([encoded.ids], self.device)
        limit = int(self.search.limits(source).clamp(max=self.model.longest))
        entry = self.model.greedily(source, limit)
        return self.search.ranked([entry], History(1), [limit])
