"""From a recipe to its parts, and from a run back to its trained model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from attncli.errors import UsageError
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Source
from attncli.objective import Objective
from attncli.recipe import Recipe
from attncli.run import Run
from attncli.search import Search
from attncli.text.batch import pad, pad_documents
from attncli.text.codec import Codec
from attncli.text.corpus import NO_DOCUMENTS, Data
from attncli.text.piece_model import EOS, PAD

MODEL = "model."
PROBE = 64


class Loaded(NamedTuple):
    """A trained model with what it needs to read and write text."""

    model: Seq2Seq
    codec: Codec
    recipe: Recipe
    run: Run
    state: str  # the checkpoint it was read from

    @property
    def mechanism(self) -> str:
        """The name of its attention."""
        return self.recipe.choice("model.attention").name


def build_model(recipe: Recipe, src_size: int, tgt_size: int) -> Seq2Seq:
    """The recipe's model for vocabularies of these sizes, freshly initialized."""
    model: Seq2Seq = recipe.choice("model").build(src_size, tgt_size)
    return model


def check(recipe: Recipe) -> None:
    """Tries the recipe on two words, so that what cannot be is refused before data is read.

    Raises:
        UsageError: settings that do not go together.
    """
    if recipe.value("model.tied") == "all" and not recipe.value("subword.joint"):
        raise UsageError("model.tied 'all' needs one vocabulary: set subword.joint=true")
    model = build_model(recipe, PROBE, PROBE)
    data: Data = recipe.build("data")
    if model.previous and not data.documented:
        raise UsageError(f"a model with a context {NO_DOCUMENTS}")
    if model.output.joint and not recipe.value("subword.joint"):
        name = recipe.choice("model.output").name
        raise UsageError(f"model.output '{name}' needs one vocabulary: set subword.joint=true")
    source = source_of([[PROBE - 1, EOS]], torch.device("cpu"))
    objective: Objective = recipe.build("objective")
    objective(model, source, source.ids, torch.eye(2).unsqueeze(0))
    search: Search = recipe.build("search")
    search.find(model.eval(), source)


def load(run: Run, state: str = "", device: str | torch.device = "cpu") -> Loaded:
    """The model of a run, ready to decode; without `state` the checkpoint that served best."""
    recipe = run.recipe()
    name = state or run.served()
    tensors, _ = run.load_state(name)
    codec = Codec.load(run.codec)
    model = build_model(recipe, codec.src.size, codec.tgt.size)
    model.load_state_dict(of_model(tensors))
    model.to(device).eval().freeze()
    return Loaded(model, codec, recipe, run, name)


def of_model(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The model's own tensors of a checkpoint."""
    return {n.removeprefix(MODEL): part for n, part in tensors.items() if n.startswith(MODEL)}


def source_of(
    rows: Sequence[Sequence[int]],
    device: torch.device,
    before: Sequence[Sequence[Sequence[int]]] | None = None,
) -> Source:
    """Encoded sentences as what the encoder gets, with the sentences before each."""
    ids = torch.from_numpy(pad(rows)).to(device)
    return Source(ids, ids != PAD, previous_of(pad_documents(before or [[]]), device))


def previous_of(before: np.ndarray | None, device: torch.device) -> Source | None:
    """Ids (batch, sentences, src_len) of the sentences before each as the model gets them."""
    if before is None:
        return None
    ids = torch.from_numpy(before).to(device)
    return Source(ids, ids != PAD)
