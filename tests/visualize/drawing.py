"""Attention to draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attncli.attention_map import AttentionMap


def drawn(src: list[str], tgt: list[str], seed: int = 0) -> AttentionMap:
    weights = np.random.default_rng(seed).dirichlet(np.full(len(src), 0.1), len(tgt))
    return AttentionMap(
        src=src,
        tgt=tgt,
        weights=weights[None, None],
        src_words=list(range(len(src))),
        tgt_words=list(range(len(tgt))),
        mechanism="general",
        run="demo",
    )


def exact(src: list[str], tgt: list[str], rows: list[list[float]]) -> AttentionMap:
    return replace(drawn(src, tgt), weights=np.array(rows)[None, None])


SHORT = ["the", "small", "dog", "sleeps", "."]
KURZ = ["der", "kleine", "Hund", "schläft", "."]
