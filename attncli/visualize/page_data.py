"""What was looked at, as the plain data that a page's script draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from attncli.attention_map import AttentionMap
from attncli.look import Look
from attncli.visualize.printable import printable

STEPS = 1000
"""Weights are written as whole numbers of so many parts, which is short and exact enough."""


def attention_data(looks: Sequence[Sequence[Look]]) -> dict[str, object]:
    """Sentences, their translations, and each map over words and over pieces."""
    return {"sentences": [[_translation(one) for one in each] for each in looks]}


def _translation(look: Look) -> dict[str, object]:
    return {
        "source": printable(look.source),
        "text": printable(look.text),
        "how": look.how,
        "score": round(look.score, 4),
        "sides": {
            side: {"words": view(entry.words()), "pieces": view(entry)}
            for side, entry in look.maps.items()
        },
    }


def view(entry: AttentionMap) -> dict[str, object]:
    """One map as plain data: `weights` by layer and head, each a flat list of parts of STEPS."""
    weights = np.rint(np.nan_to_num(entry.weights) * STEPS).astype(int)
    return {
        "sides": entry.sides,
        "src": [printable(word) for word in entry.src],
        "tgt": [printable(word) for word in entry.tgt],
        "weights": weights.reshape(*weights.shape[:2], -1).tolist(),
        "gold": sorted(entry.gold_cells()),
        "places": _stacks(entry.places()),
        "gates": _stacks(entry.gates()),
        "cells": _stacks(entry.layers_of_cells()),
    }


def _stacks(traces: Mapping[str, np.ndarray]) -> dict[str, object]:
    """Each trace by layer and head; null where a number is not finite."""
    stacks: dict[str, object] = {}
    for name, values in traces.items():
        each = values if values.ndim > 2 else values[None, None]
        flat = np.round(each.reshape(*each.shape[:2], -1).astype(float), 2).astype(object)
        flat[~np.isfinite(each.reshape(flat.shape))] = None
        stacks[name] = flat.tolist()
    return stacks
