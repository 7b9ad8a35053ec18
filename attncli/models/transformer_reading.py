"""The encoder of a Transformer whose weights stay as they are, as plain products on rows.

`EncoderLayer` is the plain form of this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn.functional import pad

from attncli.attention.base import Heads
from attncli.models.transformer_layers import EncoderLayer
from attncli.models.transformer_rows import Affine, Around, Fed, joined
from attncli.products import BLOCK, attend, whole_blocks

AttendWithin = Callable[[Tensor, Tensor, Tensor, int, Tensor], Tensor]
FEW = BLOCK // 2  # places that are sooner filled up than a part of a block is looked at


def attend_within(query: Tensor, key: Tensor, value: Tensor, heads: int, reach: Tensor) -> Tensor:
    """What words see of one another, in the shape of their values.

    Args:
        query, key, value: of each word, (batch, length, heads * width)
        heads: so many lie side by side
        reach: what is added to the scores, (batch, 1, length, length)
    """
    query, key, value = (
        part.view(*part.shape[:2], heads, -1).transpose(1, 2) for part in (query, key, value)
    )
    missing = whole_blocks(key.size(2)) - key.size(2)
    if 0 < missing <= FEW and key.device.type == "cpu":
        key, value = (pad(part, (0, 0, 0, missing)) for part in (key, value))
        reach = pad(reach, (0, missing), value=-math.inf)
    return attend(query, key, value, reach).transpose(1, 2).flatten(2)


class ReadLayer:
    """The weights of a layer as one pass over all words reads them."""

    def __init__(self, layer: EncoderLayer, heads: Heads) -> None:
        self.heads = heads.number
        self.widths = [part.out_features for part in (heads.query, heads.key, heads.value)]
        self.around_looks = Around(layer.around_looks)
        self.ask = joined(heads)
        self.join = Affine.of(heads.join)
        self.fed = Fed(layer.around_feed_forward, layer.feed_forward)

    def __call__(self, states: Tensor, reach: Tensor, attend_within: AttendWithin) -> Tensor:
        """States (batch * length, dim) after this layer; reach as in `attend_within`."""

        def look(rows: Tensor) -> Tensor:
            words = self.ask(rows).view(reach.size(0), -1, sum(self.widths))
            query, key, value = torch.split(words, self.widths, 2)
            return self.join(attend_within(query, key, value, self.heads, reach).flatten(0, 1))

        return self.fed(self.around_looks(states, look))


@torch.no_grad()
def to_read(layers: Iterable[EncoderLayer]) -> list[ReadLayer]:
    """Layers as one pass reads them; none where a head is no plain product."""
    each = [(layer, layer.looks.heads_of_products()) for layer in layers]
    found = [ReadLayer(layer, heads) for layer, heads in each if heads is not None]
    return found if len(found) == len(each) else []


def read_on_rows(
    layers: list[ReadLayer], states: Tensor, reach: Tensor, attend_within: AttendWithin
) -> Tensor:
    """States (batch, length, dim) after all layers; reach (batch, 1, length, length)."""
    rows = states.flatten(0, 1)
    for layer in layers:
        rows = layer(rows, reach, attend_within)
    return rows.view_as(states)
