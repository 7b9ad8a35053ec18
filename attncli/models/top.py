"""The k largest of many numbers, in two rounds.

Selecting from thousands of words costs more than computing their scores: a first round keeps the
groups with the k largest maxima, which must hold the k largest numbers; the second selects among
these alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

GROUP = 64


def top(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of scores (..., vocab) and their indices, largest first, each (..., k)."""
    vocab = scores.size(-1)
    groups = vocab // GROUP
    if k == 1:
        return _largest(scores)
    if groups <= k:
        values, indices = scores.topk(min(k, vocab), -1)
        return values, indices
    even = scores[..., : groups * GROUP]
    grouped = even.view(*scores.shape[:-1], groups, GROUP)
    chosen = grouped.amax(-1).topk(k, -1, sorted=False).indices  # (..., k)
    index = chosen.unsqueeze(-1).expand(*chosen.shape, GROUP)
    rest = scores[..., groups * GROUP :]
    kept = torch.cat([grouped.gather(-2, index).flatten(-2), rest], -1)
    values, places = kept.topk(k, -1)
    group = chosen.gather(-1, (places // GROUP).clamp(max=k - 1)) * GROUP + places % GROUP
    in_rest = places - k * GROUP + groups * GROUP
    return values, torch.where(places < k * GROUP, group, in_rest)


def _largest(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The largest alone; on a CPU numpy finds its place several times as fast as torch."""
    if scores.device.type == "cpu":
        ids = torch.from_numpy(scores.detach().numpy().argmax(-1, keepdims=True))
    else:
        ids = scores.argmax(-1, keepdim=True)
    return scores.gather(-1, ids), ids
