"""One update, and by which library its products are computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attncli.attention import dot
from attncli.objective import Objective
from attncli.products import BY_MKL, BY_ONEDNN, TO_BF16
from attncli.text.batch import Batch
from attncli.train import update as updating
from attncli.train.distributed import Processes
from attncli.train.update import Update, clip_gradients
from tests.models.builders import recurrent, transformer

IDS = np.array([[5, 6, 7, 3], [8, 9, 3, 0]])


class Watching(Objective):
    """Keeps how products are computed while it computes a loss."""

    def __call__(self, *given):
        self.seen = torch.get_float32_matmul_precision()
        return super().__call__(*given)


def updated(model, bf16):
    """The mean loss of a piece, and how its products were computed."""
    objective = Watching()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    update = Update(model, objective, optimizer, Processes(), clip=1.0, seed=1, bf16=bf16)
    tally = update([Batch(np.arange(2), IDS, IDS, None)], step=1, rate=0.1)
    return tally.nll / tally.words, objective.seen


@pytest.mark.parametrize("build", [recurrent, transformer])
def test_bf16_rounds_the_products_of_an_update_and_of_nothing_else(build, monkeypatch):
    monkeypatch.setattr(updating, "exact", lambda device: None)
    full, setting = updated(build(), bf16=False)
    assert setting == BY_MKL
    rounded, setting = updated(build(), bf16=True)
    assert setting == TO_BF16
    assert torch.get_float32_matmul_precision() == BY_MKL
    assert rounded == pytest.approx(full, rel=0.02)


def test_an_update_multiplies_by_the_faster_library(monkeypatch):
    monkeypatch.setattr(updating, "exact", lambda device: BY_ONEDNN)
    assert updated(recurrent(), bf16=False)[1] == BY_ONEDNN


def test_heads_leave_the_fused_kernel_where_onednn_would_start_for_each_tiny_product(monkeypatch):
    used = []
    fused = torch.nn.functional.scaled_dot_product_attention

    def watched(*given, **named):
        used.append(torch.get_float32_matmul_precision())
        return fused(*given, **named)

    monkeypatch.setattr(dot.F, "scaled_dot_product_attention", watched)
    updated(transformer(), bf16=True)
    assert used == []
    monkeypatch.setattr(updating, "exact", lambda device: None)
    updated(transformer(), bf16=False)
    assert set(used) == {BY_MKL}


@pytest.mark.parametrize("limit", [0.01, 3.0, 1e6])
def test_gradients_are_clipped_as_torch_clips_them(limit):
    model = recurrent()
    generator = torch.Generator().manual_seed(1)
    drawn = [torch.randn(one.shape, generator=generator) for one in model.parameters()]

    def clipped(clip):
        for parameter, gradient in zip(model.parameters(), drawn, strict=True):
            parameter.grad = gradient.clone()
        next(model.parameters()).grad = None  # what a batch did not use has none
        clip(limit)
        return [one.grad for one in model.parameters() if one.grad is not None]

    theirs = clipped(lambda limit: torch.nn.utils.clip_grad_norm_(model.parameters(), limit))
    ours = clipped(lambda limit: clip_gradients(model, limit))
    assert len(ours) == len(drawn) - 1
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-5, atol=0)
