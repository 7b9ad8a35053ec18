"""A trained Transformer as a CTranslate2 model (Klein et al. 2020, aclanthology.org/2020.ngt-1.25).

CTranslate2 decodes Transformers whose heads attend with softmax(Q Kᵀ / √d_k) V and nothing else.
A tensor for which it has no place is refused by its name; a model that computes something else from
the same tensors, such as another score, is found by scoring a few sentences with both.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import torch
from torch import Tensor

from attncli.errors import UsageError
from attncli.experiment import Loaded, source_of
from attncli.export.form import FLOAT
from attncli.models.transformer import Transformer
from attncli.objective import shifted
from attncli.text.piece_model import EOS

POSITIONS = 4096  # the longest sentence, in pieces
PROBES = (1, 7, 40)  # pieces of the sentences that are scored with both
CLOSE = 1e-3  # nats, over a whole sentence


def library() -> ModuleType:
    """CTranslate2, which is installed by choice.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import ctranslate2
    except ImportError:
        raise UsageError("CTranslate2 is not installed (pip install 'attncli[export]')") from None
    return cast(ModuleType, ctranslate2)


def require_transformer(loaded: Loaded) -> None:
    """Looks for the layers of a Transformer's decoder.

    Raises:
        UsageError: the model has none.
    """
    if not any(name.startswith("decoder_layers.") for name in loaded.model.state_dict()):
        name = loaded.recipe.choice("model").name
        raise UsageError(
            f"CTranslate2 decodes Transformers only; this model is '{name}' "
            "(try attncli export --to onnx)"
        )


def specification(loaded: Loaded) -> Any:
    """The model as CTranslate2 describes one.

    Raises:
        UsageError: another attention than its own, or a tensor is missing or has no place.
    """
    from ctranslate2.specs import TransformerSpec

    tensors = Tensors(loaded)
    value = loaded.recipe.value
    model = cast(Transformer, loaded.model)
    reads = [layer.looks for layer in model.encoder_layers]
    reads += [part for layer in model.decoder_layers for part in (layer.looks_back, layer.looks)]
    heads = [one.heads_of_products() for one in reads]
    if model.window or None in heads:
        raise UsageError(
            f"{loaded.run.path}: CTranslate2 has scaled products over the whole sentence only, "
            "without a window or another attention or normalizer"
        )
    layers = [layer for one in heads if one for layer in (one.query, one.key, one.value)]
    if any(layer.in_features != layer.out_features for layer in layers):
        raise UsageError(
            f"{loaded.run.path}: CTranslate2 divides the model's width among the heads "
            "(model.key_dim=0)"
        )
    if (vectors := loaded.recipe.choice("model.vectors").name) != "table":
        raise UsageError(
            f"{loaded.run.path}: CTranslate2 looks words up in a table, and has no "
            f"model.vectors={vectors}"
        )
    spec = TransformerSpec.from_config(
        (len(model.encoder_layers), len(model.decoder_layers)),
        cast(int, value("model.heads")),
        pre_norm=value("model.norm") == "pre",
    )
    for layer, name in _layers(spec.encoder, "encoder_layers"):
        tensors.attention(layer.self_attention, f"{name}.looks", f"{name}.around_looks.norm")
        tensors.feed_forward(layer.ffn, name)
    for layer, name in _layers(spec.decoder, "decoder_layers"):
        back = f"{name}.looks_back"
        tensors.attention(layer.self_attention, back, f"{name}.around_looks_back.norm")
        tensors.attention(layer.attention, f"{name}.looks", f"{name}.around_looks.norm")
        tensors.feed_forward(layer.ffn, name)
    if value("model.norm") == "pre":
        tensors.norm(spec.encoder.layer_norm, "encoder_norm")
        tensors.norm(spec.decoder.layer_norm, "decoder_norm")
    tensors.leave_out("positions.")
    waves = model.positions(torch.arange(min(model.longest, POSITIONS))).detach().numpy()
    tables = ((spec.encoder, "src_embedding"), (spec.decoder, "tgt_embedding"))
    for side, name in tables:
        side.position_encodings.encodings = waves
        side.scale_embeddings = float(getattr(model, name).scale)
    spec.encoder.embeddings[0].weight = tensors.take("src_embedding.weight")
    spec.decoder.embeddings.weight = tensors.take("tgt_embedding.weight")
    tensors.linear(spec.decoder.projection, "output")
    tensors.refuse_rest()
    spec.register_source_vocabulary(list(loaded.codec.src.names))
    spec.register_target_vocabulary(list(loaded.codec.tgt.names))
    spec.config.add_source_eos = True
    return spec


class Tensors:
    """A model's tensors, each of which must find its place."""

    def __init__(self, loaded: Loaded) -> None:
        self.left: dict[str, Tensor] = {
            name: part.detach().float().cpu() for name, part in loaded.model.state_dict().items()
        }

    def take(self, *names: str) -> Any:
        """These tensors one below the other, as an array."""
        missing = [name for name in names if name not in self.left]
        if missing:
            raise UsageError(f"CTranslate2 needs {missing[0]}, which this model has not")
        return torch.cat([self.left.pop(name) for name in names]).numpy()

    def leave_out(self, begin: str) -> None:
        """Forgets the tensors of a part that is given to CTranslate2 by what it computes."""
        self.left = {name: part for name, part in self.left.items() if not name.startswith(begin)}

    def linear(self, spec: Any, *names: str) -> None:
        """One linear layer, or several on the same input as one."""
        spec.weight = self.take(*(f"{name}.weight" for name in names))
        if f"{names[0]}.bias" in self.left:
            spec.bias = self.take(*(f"{name}.bias" for name in names))

    def norm(self, spec: Any, name: str) -> None:
        """A layer normalization."""
        spec.gamma, spec.beta = self.take(f"{name}.weight"), self.take(f"{name}.bias")

    def attention(self, spec: Any, name: str, norm: str) -> None:
        """Attention's projections: those on the same input are one in CTranslate2."""
        query, key, value = (f"{name}.{part}" for part in ("query", "key", "value"))
        groups = [[query, key, value]] if len(spec.linear) == 2 else [[query], [key, value]]
        for linear, group in zip(spec.linear, [*groups, [f"{name}.join"]], strict=True):
            self.linear(linear, *group)
        self.norm(spec.layer_norm, norm)

    def feed_forward(self, spec: Any, name: str) -> None:
        """The two layers after attention."""
        self.linear(spec.linear_0, f"{name}.feed_forward.wide")
        self.linear(spec.linear_1, f"{name}.feed_forward.narrow")
        self.norm(spec.layer_norm, f"{name}.around_feed_forward.norm")

    def refuse_rest(self) -> None:
        """Raises UsageError where a tensor found no place."""
        if self.left:
            raise UsageError(
                f"CTranslate2's Transformer has no place for {next(iter(self.left))} "
                "(translate with --engine torch)"
            )


def _layers(side: Any, name: str) -> list[tuple[Any, str]]:
    return [(layer, f"{name}.{number}") for number, layer in enumerate(side.layer)]


def save(spec: Any, folder: Path, quantization: str) -> None:
    """Writes what is described into a folder of its own, its weights stored as `quantization`."""
    spec.validate()
    spec.optimize(quantization=None if quantization == FLOAT else quantization)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spec.save(str(folder))


@torch.inference_mode()
def compare(loaded: Loaded, exported: Any) -> None:
    """Scores sentences with the model and with its export.

    Raises:
        UsageError: they differ.
    """
    random = torch.Generator().manual_seed(0)
    sizes = (loaded.codec.src.size, loaded.codec.tgt.size)
    for length in PROBES:
        src, tgt = (torch.randint(EOS + 1, size, (length,), generator=random) for size in sizes)
        pieces = loaded.codec.src.pieces(src.tolist()), loaded.codec.tgt.pieces(tgt.tolist())
        source, target = (
            source_of([[*side.tolist(), EOS]], torch.device("cpu")) for side in (src, tgt)
        )
        decoded = loaded.model(source, shifted(target.ids))
        ours = float(loaded.model.output.score(decoded, source, target.ids).sum())
        theirs = sum(exported.score_batch([pieces[0]], [pieces[1]])[0].log_probs)
        if abs(ours - theirs) > CLOSE * (length + 1):
            attention = loaded.mechanism
            raise UsageError(
                f"CTranslate2 cannot compute this model (attention '{attention}'): a sentence of "
                f"{length} pieces has log-probability {theirs:.3f} there, {ours:.3f} here"
            )
