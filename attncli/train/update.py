"""One update of the parameters from the gradients of some batches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from attncli.models.base import Seq2Seq
from attncli.objective import Objective
from attncli.products import BY_MKL, TO_BF16, exact, multiplied
from attncli.text.batch import Batch
from attncli.text.piece_model import PAD
from attncli.train.distributed import Processes
from attncli.train.validation import tensors


class Tally(NamedTuple):
    """Sums over the batches of one update, of all processes."""

    nll: float  # of the right words, in nats
    words: int  # target pieces, EOS included


class Update:
    """Sums the gradients of batches over all processes, clips, and steps.

    `clip` is the greatest norm of the gradient of the mean loss of a word; 0 sets no limit. What
    is drawn in an update depends on seed, step and process alone, so that a run goes on exactly.
    """

    def __init__(
        self,
        model: Seq2Seq,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        processes: Processes,
        *,
        clip: float,
        seed: int,
        bf16: bool,
    ) -> None:
        self.model, self.objective, self.optimizer = model, objective, optimizer
        self.processes = processes
        self.clip = clip
        self.seed = seed
        self.device = next(model.parameters()).device
        self.products = TO_BF16 if bf16 else exact(self.device) or BY_MKL
        on_gpu = self.device.type != "cpu"
        self.autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=on_gpu and bf16)

    def __call__(self, batches: list[Batch], step: int, rate: float) -> Tally:
        """The update number `step`, at a learning rate, from this process's batches."""
        draws = np.random.SeedSequence([self.seed, step, self.processes.rank])
        torch.manual_seed(int(draws.generate_state(1, np.uint64)[0]))
        (words,) = self.processes.total(sum(int((batch.tgt != PAD).sum()) for batch in batches))
        self.optimizer.zero_grad(set_to_none=True)
        nll = 0.0
        for batch in batches:
            links = None if batch.links is None else torch.from_numpy(batch.links).to(self.device)
            with multiplied(self.products):
                with self.autocast:
                    losses = self.objective(self.model, *tensors(batch, self.device), links)
                (losses.total / words).backward()
            nll += float(losses.nll)
        self.processes.sum_gradients(self.model.parameters())
        self.processes.equalize(self.objective.buffers())
        if self.clip:
            clip_gradients(self.model, self.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        (nll,) = self.processes.total(nll)
        return Tally(nll, int(words))


def clip_gradients(model: nn.Module, limit: float) -> None:
    """Scales all gradients by one number where the norm of all together is above a limit.

    `torch.nn.utils.clip_grad_norm_` scales them elsewhere too, by one, which takes as long, and
    its norm of a large tensor takes twice as long as a product of the tensor with itself.
    """
    norm = total_norm([p.grad for p in model.parameters() if p.grad is not None])
    if norm > limit:
        nn.utils.clip_grads_with_norm_(model.parameters(), limit, norm)


def total_norm(tensors: list[Tensor]) -> Tensor:
    """The root of the sum of all squares, ()."""
    flat = [tensor.flatten() for tensor in tensors]
    return torch.stack([one.dot(one) for one in flat]).sum().sqrt()
