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
    if groups <= k:
        values, indices = scores.topk(min(k, vocab), -1)
        return values, indices
    if k == 1:
        return _largest(scores, groups)
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


def _largest(scores: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """The largest alone: of one row without a first round, which would take longer."""
    if scores.numel() == scores.size(-1):
        values, indices = scores.max(-1, keepdim=True)
        return values, indices
    grouped = scores[..., : groups * GROUP].view(*scores.shape[:-1], groups, GROUP)
    _, group = grouped.amax(-1).max(-1, keepdim=True)  # (..., 1)
    within = grouped.gather(-2, group.unsqueeze(-1).expand(*group.shape, GROUP)).squeeze(-2)
    values, places = torch.cat([within, scores[..., groups * GROUP :]], -1).max(-1, keepdim=True)
    in_rest = places - GROUP + groups * GROUP
    return values, torch.where(places < GROUP, group * GROUP + places, in_rest)
