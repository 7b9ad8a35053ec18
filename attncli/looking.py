"""What a model looked at, put together with the pieces and words that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attncli.attention_map import AttentionMap
from attncli.experiment import Loaded
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
    is_followed = None not in (codec.owners(pair.src, 0), codec.owners(pair.tgt, 1))
    return AttentionMap(
        src=codec.pieces(src, 0, pair.src),
        tgt=codec.pieces(tgt, 1, pair.src),
        weights=weights[..., : len(tgt), : len(src)],
        src_words=codec.words(pair.src, src, 0),
        tgt_words=codec.words(pair.tgt, tgt, 1),
        links=pair.links if is_followed else None,
        trace={
            name: part[:, :, : len(tgt)] if part.ndim == 3 else part[:, :, : len(tgt), : len(src)]
            for name, part in trace.items()
        },
        mechanism=loaded.mechanism,
        run=loaded.run.path.name,
    )
