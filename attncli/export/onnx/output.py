"""The output layer of a graph: every word scored by one product."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from attncli.models.base import Seq2Seq
from attncli.models.output import Projection


def scoring_at_once(model: Seq2Seq) -> Seq2Seq:
    """A copy of the model whose output layers add biases within their product.

    To add them afterwards is a pass over the scores of all words, which is felt where there are
    many hypotheses. With weights of 8 bits a bias would lose its own scale.
    """
    copied = copy.deepcopy(model)
    for module in copied.modules():
        if isinstance(module, Projection) and module.bias is not None:
            module.logits = with_bias(  # type: ignore[method-assign,assignment]
                module.weight, module.bias
            )
    return copied


def with_bias(weight: Tensor, bias: Tensor) -> Callable[[Tensor], Tensor]:
    """W h + b as the product of (W b) with h and a 1 below it."""
    both = torch.cat([weight, bias.unsqueeze(1)], 1).detach()  # (vocab, dim + 1)

    def logits(hidden: Tensor) -> Tensor:
        return linear(pad(hidden, (0, 1), value=1.0), both)

    return logits
