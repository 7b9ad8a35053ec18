"""How the weights of a model that is not trained any more lie in memory."""

from __future__ import annotations

from torch import nn

from attncli.models.encoder import RecurrentEncoder
from attncli.models.output import Projection


def by_columns(model: nn.Module) -> None:
    """Stores the weight of every linear layer by columns.

    Nothing else about it changes. The product of few rows, which every step of a search is, reads
    a weight that lies so up to twice as fast; for many rows it makes little difference. A weight
    that an embedding shares is copied: a table is read by rows. The weights of a recurrent encoder
    stay by rows: they are no part of a step, and the kernel by which an LSTM reads a whole sentence
    would copy them each time.
    """
    encoders = [part for part in model.modules() if isinstance(part, RecurrentEncoder)]
    by_rows = {layer for encoder in encoders for layer in encoder.modules()}
    for layer in model.modules():
        if isinstance(layer, nn.Linear | Projection) and layer not in by_rows:
            layer.weight = nn.Parameter(layer.weight.detach().t().contiguous().t(), False)
