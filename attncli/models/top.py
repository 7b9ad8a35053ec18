"""The k largest of many numbers.

On a CPU, selecting from thousands of words can cost more than computing their scores. So a first
round keeps the groups with the k largest maxima, which must hold the k largest numbers; the second
selects among these alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

GROUP = 64
FEW = 12  # so many are found one after the other,
MANY = 32  # in so many rows


def top(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of scores (..., vocab) and their indices, largest first, each (..., k)."""
    vocab = scores.size(-1)
    k = min(k, vocab)
    if scores.device.type == "cpu":
        indices = _in_two_rounds(scores.detach().reshape(-1, vocab), k).view(*scores.shape[:-1], k)
        return scores.gather(-1, indices), indices
    values, indices = scores.topk(k, -1)
    return values, indices


def _in_two_rounds(rows: Tensor, k: int) -> Tensor:
    count, vocab = rows.shape
    groups = vocab // GROUP
    if k == 1 or groups <= k:
        return _largest(rows, k)
    begin = groups * GROUP  # of the rest, which is no group
    grouped = rows[:, :begin].view(count, groups, GROUP)
    chosen = _largest(grouped.amax(2), k)
    kept = grouped.numpy()[torch.arange(count).unsqueeze(1).numpy(), chosen.numpy()]
    both = torch.cat([torch.from_numpy(kept).flatten(1), rows[:, begin:]], 1)
    places = _largest(both, k)
    group = chosen.gather(1, (places // GROUP).clamp(max=k - 1))
    within = group * GROUP + places % GROUP
    return torch.where(places < k * GROUP, within, places - k * GROUP + begin)


def _largest(rows: Tensor, k: int) -> Tensor:
    """The indices of the k largest numbers of each row, largest first.

    numpy finds one in a tenth of the time that torch takes, and so a few of many rows as well.
    """
    if k == 1:
        return torch.from_numpy(rows.numpy().argmax(1)).unsqueeze(1)
    if k > FEW or len(rows) < MANY:
        return rows.topk(k, 1).indices
    left, found = rows.clone(), [_largest(rows, 1)]
    while len(found) < k:
        left.scatter_(1, found[-1], -math.inf)
        found.append(_largest(left, 1))
    if left.gather(1, found[-1]).isneginf().any():  # of all that was left, some may be taken
        return rows.topk(k, 1).indices
    return torch.cat(found, 1)
