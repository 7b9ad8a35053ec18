"""Attentions that go on from their last step learn, as the others do."""

from __future__ import annotations

import pytest
import torch

from attncli import registry
from attncli.objective import Objective
from attncli.optimizers import Adam
from attncli.registry import Choice
from tests.models.builders import NO_DROPOUT, VOCAB, source, target

MADE = {
    "ntm": {},
    "ntm without content": {"content": False, "interpolation": False},
    "location-aware": {},
    "monotonic": {},
    "coverage": {"account": Choice("account", "neural"), "loss": True},
    "multihead": {"heads": 2, "score": Choice("attention", "coverage")},
}


@pytest.mark.slow
@pytest.mark.parametrize("made", MADE)
def test_it_learns_a_batch(made):
    torch.manual_seed(5)
    model = registry.find("model", "recurrent")(
        VOCAB,
        VOCAB,
        attention=Choice("attention", made.split()[0], MADE[made]),
        **{"embedding": 12, "hidden": 16, **NO_DROPOUT},
    )
    src, tgt = source(7, 5, 4), target(6, 5, 4)
    optimizer = Adam(lr=0.02).over(model.parameters())
    objective = Objective(label_smoothing=0.0)
    nll = []
    for _ in range(60):
        losses = objective(model.train(), src, tgt, None)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        nll.append(losses.nll.item())
    assert nll[-1] < nll[0] / 10
