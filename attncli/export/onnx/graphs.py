"""A trained model as two functions of named tensors, and these as ONNX graphs.

    encode: source, source_mask -> memories, and the state before the first word
    step:   token, memories, state -> log_probs, and what is held after it

A search holds what one gives and hands it to the other: an output `after.x` is the next step's
input `x`. Where a decoder writes into its memories, those are among what a step gives.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from attncli.attention.base import State
from attncli.export.onnx import cells, heads
from attncli.export.onnx.examples import Example, Held
from attncli.export.onnx.library import without_remarks
from attncli.models.base import Seq2Seq
from attncli.models.cells import Cell
from attncli.models.decoded import Source

AFTER = "after."


class Encode(nn.Module):
    """The source to what a search holds before the first word."""

    plain = 2  # inputs, besides a list of tensors

    def __init__(self, model: Seq2Seq, sample: Example) -> None:
        super().__init__()
        self.model, self.opset = heads.attending_at_once(reading_at_once(model))
        self.outputs = list(sample.read.named())

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        held = Held((), *self.model.encode(Source(ids, mask)))
        return tuple(part.clone() for part in held.named().values())


class Step(nn.Module):
    """One word of every hypothesis: log-probabilities (batch, queries, words), what is held next.

    The memories that a step writes into are the first ones, before those that `encode` gave. Each
    has a slot for every query of every step before, and the step adds its own.
    """

    plain = 1

    def __init__(self, model: Seq2Seq, sample: Example) -> None:
        super().__init__()
        self.model, self.opset = heads.attending_at_once(model)
        self.held = list(sample.held.named())
        after = sample.held._replace(memories=())
        self.source = sample.source  # which no output reads that does not copy words
        self.outputs = ["log_probs", *(AFTER + name for name in after.named())]

    def forward(self, token: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
        room, memories, state = Held.of(dict(zip(self.held, parts, strict=True)))
        decoded, longer = self.model.pure_step(token, room, memories, state)
        log_probs = self.model.output.log_probs(decoded, self.source)
        return log_probs, *Held(longer, (), decoded.state).named().values()

    @torch.no_grad()
    def named(self, given: State) -> State:
        """What comes of inputs by name, by name."""
        return dict(zip(self.outputs, self(*given.values()), strict=True))


def reading_at_once(model: Seq2Seq) -> Seq2Seq:
    """A copy of the model whose recurrent layers read a sentence by one operator of ONNX."""
    copied = copy.deepcopy(model)
    for module in copied.modules():
        if isinstance(module, Cell):
            module.run = cells.read_at_once(module)  # type: ignore[method-assign,assignment]
    return copied


def save(graph: Encode | Step, path: Path, inputs: State, others: State) -> None:
    """Writes a graph as it is run with `inputs`; sizes that are not those of `others` stay open."""
    axes: dict[tuple[int, int], torch.export.Dim] = {}

    def open_axes(name: str) -> dict[int, torch.export.Dim]:
        both = enumerate(zip(inputs[name].shape, others[name].shape, strict=True))
        changing = {axis: sizes for axis, sizes in both if len(set(sizes)) > 1}
        for axis, sizes in changing.items():
            axes.setdefault(sizes, torch.export.Dim(f"{name}_{axis}".replace(".", "_")))
        return {axis: axes[sizes] for axis, sizes in changing.items()}

    first, parts = list(inputs)[: graph.plain], list(inputs)[graph.plain :]
    sizes = [*map(open_axes, first), *([tuple(map(open_axes, parts))] if parts else [])]
    with without_remarks():
        traced = torch.export.export(
            graph, tuple(inputs.values()), dynamic_shapes=tuple(sizes), strict=False
        )
        program = torch.onnx.export(
            traced,
            input_names=list(inputs),
            output_names=graph.outputs,
            custom_translation_table=cells.translations() | heads.translations(),
            opset_version=graph.opset,
            dynamo=True,
            verbose=False,
        )
        assert program is not None  # as it is with dynamo
        program.save(str(path), external_data=False)


def quantize(path: Path) -> None:
    """Stores the factors of a graph's products as numbers of 8 bits, scaled by output.

    Those of which there is one for each head stay: ONNX Runtime has one scale for each output.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    full = path.rename(path.with_suffix(".float32"))
    graph = onnx.load(str(full)).graph
    by_head = {one.name for one in graph.initializer if len(one.dims) > 2}
    with without_remarks():
        quantize_dynamic(
            full,
            path,
            op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=[node.name for node in graph.node if by_head & set(node.input)],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
    full.unlink()
