"""Words as vectors, on the side of the source and of the target."""

from __future__ import annotations

from typing import Literal

from torch import nn

from attncli.errors import UsageError
from attncli.models.output import Output

Tied = Literal["none", "output", "all"]


def embeddings(
    src_vocab: int, tgt_vocab: int, dim: int, output: Output, output_dim: int, tied: Tied
) -> tuple[nn.Embedding, nn.Embedding]:
    """Source and target embeddings, N(0, 1/dim), shared with the output layer as `tied` says.

    Raises:
        UsageError: what is to be shared is not of one shape.
    """
    src = nn.Embedding(src_vocab, dim)
    tgt = nn.Embedding(tgt_vocab, dim)
    for table in (src, tgt):
        nn.init.normal_(table.weight, std=dim**-0.5)
    if tied != "none":
        if output_dim != dim:
            raise UsageError(
                f"model.tied '{tied}' needs an output as wide as the embedding: "
                f"{output_dim} and {dim} (set model.readout.dim={dim})"
            )
        output.weight = tgt.weight
    if tied == "all":
        if src_vocab != tgt_vocab:
            raise UsageError(
                f"model.tied 'all' needs one vocabulary: {src_vocab} and {tgt_vocab} entries "
                "(set subword.joint=true)"
            )
        src.weight = tgt.weight
    return src, tgt
