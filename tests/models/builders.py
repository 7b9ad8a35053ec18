"""Small models of every kind, for the tests."""

from __future__ import annotations

import torch

from attncli import registry
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Source
from attncli.registry import Choice
from attncli.text.piece_model import EOS, PAD

VOCAB = 23
NO_DROPOUT = {
    "embedding_dropout": 0.0,
    "context_dropout": 0.0,
    "layer_dropout": 0.0,
    "output_dropout": 0.0,
}
RECURRENT = [
    (attention, reads)
    for attention in registry.names("attention")
    for reads in ("after", "before", "between")
]
IDS = [f"{attention}-{reads}" for attention, reads in RECURRENT]


def chosen(attention) -> Choice:
    """By name, or as it stands."""
    return attention if isinstance(attention, Choice) else Choice("attention", attention)


def recurrent(attention="general", reads="after", options=None, **more) -> Seq2Seq:
    torch.manual_seed(5)
    wiring = Choice("wiring", reads, options or {})
    model = registry.find("model", "recurrent")(
        VOCAB,
        VOCAB,
        attention=chosen(attention),
        reads=wiring,
        **{"embedding": 12, "hidden": 16, "layers": 2, **NO_DROPOUT, **more},
    )
    return model.eval()


def transformer(**more) -> Seq2Seq:
    torch.manual_seed(5)
    sizes = {"dim": 16, "feed_forward": 24, "heads": 2, "layers": 2, "dropout": 0.0, **more}
    return registry.find("model", "transformer")(VOCAB, VOCAB, **sizes).eval()


def everything() -> dict[str, Seq2Seq]:
    """A model for every attention and wiring, and Transformers of several kinds."""
    models = {f"{attention}-{reads}": recurrent(attention, reads) for attention, reads in RECURRENT}
    for reads in ("after", "before", "between"):
        nothing = Choice("attention", "none", {"feeds": "state"})
        models[f"none-{reads}-state"] = recurrent(nothing, reads)
    models["general-after-no-feed"] = recurrent(options={"feed": False})
    models["gru-cho"] = recurrent(reads="before", cell=Choice("cell", "gru-cho"))
    models["gru-norm"] = recurrent(cell=Choice("cell", "gru", {"layer_norm": True}))
    models["mixture-after"] = recurrent(output=Choice("output", "mixture"))
    models["mixture-no-feed"] = recurrent(
        options={"feed": False}, output=Choice("output", "mixture")
    )
    models["mixture-before"] = recurrent(
        "additive",
        "before",
        output=Choice("output", "mixture"),
        readout=Choice("readout", "maxout"),
    )
    models["positions-after"] = recurrent(output=Choice("output", "positions"))
    models["copy-before"] = recurrent(reads="before", output=Choice("output", "copy"))
    models["copy-after"] = recurrent(output=Choice("output", "copy"))
    models["copy-local"] = recurrent("local-p", output=Choice("output", "copy"))
    models["copy-transformer"] = transformer(output=Choice("output", "copy"), tied="all")
    looking = Choice("intra", "self-attention")
    models["self-attentive"] = recurrent(intra=looking, bridge=Choice("bridge", "mean"))
    models["transformer"] = transformer()
    models["transformer-pre"] = transformer(norm="pre", tied="all")
    models["transformer-window"] = transformer(window=2)
    narrow = Choice("attention", "additive", {"dim": 5})
    models["transformer-keys"] = transformer(key_dim=3, attention=narrow)
    sparse = Choice("attention", "scaled-dot", {"normalize": Choice("normalizer", "entmax15")})
    models["transformer-entmax15"] = transformer(attention=sparse, self_attention=sparse)
    models["transformer-local"] = transformer(attention=Choice("attention", "local-p"))
    return models


def source(*lengths: int) -> Source:
    """Random sentences of these lengths, the last piece EOS."""
    generator = torch.Generator().manual_seed(7)
    ids = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(4, VOCAB, (length,), generator=generator)
        ids[row, length - 1] = EOS
    return Source(ids, ids != PAD)


def target(*lengths: int) -> torch.Tensor:
    return source(*lengths).ids.flip(0)
