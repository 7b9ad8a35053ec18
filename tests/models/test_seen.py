"""What models show: one shape for all of them, by layer and head."""

from __future__ import annotations

import pytest
import torch

from attncli.attention_map import POSITIONS
from tests.models.builders import everything, source, target

MODELS = everything()


@pytest.mark.parametrize("name", list(MODELS))
def test_all_that_is_shown_has_a_shape_that_can_be_drawn(name):
    model, src, tgt = MODELS[name], source(6, 4), target(5, 3)
    with torch.no_grad():
        decoded = model(src, tgt, True)
        seen = model.output.look(decoded, src)
    if decoded.weights is None:
        return
    batch, layers, heads, queries, src_len = decoded.weights.shape
    assert (batch, queries, src_len) == (2, 5, 6)
    for trace, part in seen.items():
        assert part.shape[1:3] in ((layers, heads), (1, 1)), trace
        assert part.shape[3:] in ((queries,), (queries, src_len)), trace
        assert trace not in POSITIONS or part.dim() == 4


def test_self_attention_is_causal_in_the_decoder_and_whole_in_the_encoder():
    src, tgt = source(6, 4), target(5, 3)
    with torch.no_grad():
        own = MODELS["transformer"].self_attention(src, tgt)
    assert own["encoder"].shape == (2, 2, 2, 6, 6)
    assert own["decoder"].shape == (2, 2, 2, 5, 5)
    assert not own["decoder"].triu(1).any()
    assert not own["encoder"][1, :, :, :, 4:].any()
    assert own["encoder"][0].gt(0).all()
    assert MODELS["general-after"].self_attention(src, tgt) == {}
