"""Where training says that it stands."""

from __future__ import annotations

from attncli.train.checkpoints import Progress


def test_the_epoch_that_is_said_is_that_of_the_last_step():
    assert Progress(step=20, epoch=0, batch=20).where == "step 20, epoch 1"
    assert Progress(step=525, epoch=1, batch=0).where == "step 525, epoch 1"
    assert Progress(step=526, epoch=1, batch=1).where == "step 526, epoch 2"
