"""Attention that is made to look where one wants: given weights at some target positions.

No mechanism knows of it: what an attention returns is replaced on its way to the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from attncli.attention.base import Attended, Memory, State
from attncli.models.base import Seq2Seq

Call = tuple[Tensor, Memory, State]


@contextmanager
def steered(model: Seq2Seq, given: Mapping[int, Tensor]) -> Iterator[None]:
    """Within it, every head that reads the source has these weights while it is looked at.

        a_t = given_t      c_t = sum_s a_ts value_s      at the target positions t that are given

    `given` maps positions, counted from 0, to weights (src_len,); all zero looks at nothing. What a
    mechanism remembers of its own weights (a coverage, a last focus) stays its own.
    """

    def steer(attention: nn.Module, call: Call, attended: Attended) -> Attended:
        query, memory, state = call
        weights, context = attended.weights, attended.context
        positions = state["position"].expand(query.shape[:2])
        for position, wanted in given.items():
            here = (positions == position).unsqueeze(-1)
            if weights is not None:
                weights = torch.where(here, wanted.to(weights), weights)
            read = wanted.to(context).view(1, 1, -1) @ memory.values
            context = torch.where(here, read, context)
        return attended._replace(weights=weights, context=context)

    with ExitStack() as stack:
        for attention in model.readers():
            handle = attention.innermost().register_forward_hook(steer)
            stack.callback(handle.remove)
        yield
