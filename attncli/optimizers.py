"""Optimizers, by the names that papers give them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

import torch
from torch import nn

from attncli.registry import Range

Rate = Annotated[float, Range(0)]
Decay = Annotated[float, Range(0, 0.99999)]


class Optimizer:
    """Makes a torch optimizer for a model's parameters.

    Options:
        lr: learning rate, which the schedule scales
    """

    family: ClassVar[str] = "optimizer"
    name: ClassVar[str | None] = None

    def __init__(self, *, lr: Rate = 0.001) -> None:
        self.lr = lr

    def over(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer of these parameters."""
        raise NotImplementedError


class Adam(Optimizer):
    """Kingma and Ba 2015, arXiv 1412.6980.

    Options:
        beta1: decay of the mean of gradients
        beta2: decay of the mean of their squares
        eps: added to the divisor
    """

    name = "adam"

    def __init__(
        self,
        *,
        lr: Rate = 0.001,
        beta1: Decay = 0.9,
        beta2: Decay = 0.98,
        eps: Rate = 1e-9,
    ) -> None:
        super().__init__(lr=lr)
        self.betas = (beta1, beta2)
        self.eps = eps

    def over(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, self.lr, self.betas, self.eps, fused=True)


class AdamW(Adam):
    """Loshchilov and Hutter 2019, arXiv 1711.05101: Adam with decay apart from the gradient.

    Options:
        weight_decay: share of each weight taken off, times the learning rate
    """

    name = "adamw"

    def __init__(
        self,
        *,
        lr: Rate = 0.001,
        beta1: Decay = 0.9,
        beta2: Decay = 0.98,
        eps: Rate = 1e-9,
        weight_decay: Rate = 0.01,
    ) -> None:
        super().__init__(lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        self.weight_decay = weight_decay

    def over(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            parameters, self.lr, self.betas, self.eps, self.weight_decay, fused=True
        )


class SGD(Optimizer):
    """Plain stochastic gradient descent, as Luong 2015 trains.

    Options:
        momentum: share of the last step that is kept
    """

    name = "sgd"

    def __init__(self, *, lr: Rate = 1.0, momentum: Decay = 0.0) -> None:
        super().__init__(lr=lr)
        self.momentum = momentum

    def over(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, self.lr, self.momentum)


class Adadelta(Optimizer):
    """Zeiler 2012, arXiv 1212.5701, with the values of Bahdanau 2015.

    Options:
        rho: decay of the means
        eps: added to the divisor
    """

    name = "adadelta"

    def __init__(self, *, lr: Rate = 1.0, rho: Decay = 0.95, eps: Rate = 1e-6) -> None:
        super().__init__(lr=lr)
        self.rho = rho
        self.eps = eps

    def over(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adadelta(parameters, self.lr, self.rho, self.eps)
