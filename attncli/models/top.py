"""The k largest of many numbers.

On a CPU, selecting from thousands of words can cost more than computing their scores. So a first
round keeps the groups with the k largest maxima, which must hold the k largest numbers; the second
selects among these alone.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GROUP = 64
FEW = 12  # that are searched for one after the other; torch finds more of them at once
MANY = 32  # rows, for which that is faster; for few rows, starting operations is what takes time


def top(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest of scores (..., vocab) and their indices, largest first, each (..., k)."""
    vocab = scores.size(-1)
    k = min(k, vocab)
    if scores.device.type == "cpu":
        rows = scores.detach().float().reshape(-1, vocab)
        indices = _in_two_rounds(rows, k).view(*scores.shape[:-1], k)
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
    kept = torch.from_numpy(_taken(grouped.numpy(), chosen.numpy())).flatten(1)
    both = torch.cat([kept, rows[:, begin:]], 1)
    places = _largest(both, k)
    group = chosen.gather(1, (places // GROUP).clamp(max=k - 1))
    within = group * GROUP + places % GROUP
    return torch.where(places < k * GROUP, within, places - k * GROUP + begin)


def _taken(groups: NDArray[np.float32], chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """The chosen groups of each row; numpy copies them whole, torch number by number."""
    taken: NDArray[np.float32] = groups[np.arange(len(groups))[:, None], chosen]
    return taken


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
