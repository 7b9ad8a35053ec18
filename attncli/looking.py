"""What a model looked at, put together with the pieces and words that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from attncli.attention_map import AttentionMap, Link
from attncli.experiment import Loaded
from attncli.text.codec import Codec
from attncli.text.pair import Pair


def attention_map(
    loaded: Loaded,
    pair: Pair,
    src: list[int],
    tgt: list[int],
    weights: np.ndarray,
    trace: Mapping[str, np.ndarray],
) -> AttentionMap:
    """The map of what was seen, (layers, heads, tgt_len[, src_len]), between a pair's pieces.

    Both lengths may be larger than the pair's own: what is beyond is padding. Gold links go with it
    where their words can be followed through preprocessing.
    """
    codec = loaded.codec
    return AttentionMap(
        src=codec.pieces(src, 0, pair.src),
        tgt=codec.pieces(tgt, 1, pair.src),
        weights=weights[..., : len(tgt), : len(src)],
        src_words=codec.words(pair.src, src, 0),
        tgt_words=codec.words(pair.tgt, tgt, 1),
        links=gold_links(codec, pair, src, tgt),
        trace={
            name: part[:, :, : len(tgt)] if part.ndim == 3 else part[:, :, : len(tgt), : len(src)]
            for name, part in trace.items()
        },
        mechanism=loaded.mechanism,
        run=loaded.run.path.name,
    )


def gold_links(
    codec: Codec, pair: Pair, src: Sequence[int], tgt: Sequence[int]
) -> Sequence[Link] | None:
    """The gold links of a pair, where its words can be followed through preprocessing."""
    followed = codec.follows(pair.src, src, 0) and codec.follows(pair.tgt, tgt, 1)
    return pair.links if followed else None
