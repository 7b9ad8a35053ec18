"""Weights by columns: other places in memory, the same translations."""

from __future__ import annotations

import copy

import pytest
import torch

from attncli.models.columns import by_columns
from attncli.search import Search
from tests.models.builders import recurrent, source, transformer


@pytest.mark.parametrize("model", [recurrent(), transformer()], ids=["recurrent", "transformer"])
def test_a_model_by_columns_writes_the_same(model):
    columns = copy.deepcopy(model)
    columns.freeze()
    search, src = Search(beam=3, n_best=3), source(6, 3)
    for rows, others in zip(search.find(model, src), search.find(columns, src), strict=True):
        assert [one.ids for one in rows] == [one.ids for one in others]
        scores = [one.score for one in rows]
        assert [one.score for one in others] == pytest.approx(scores, abs=1e-5)


def test_a_product_reads_columns_and_a_table_rows():
    model = transformer(tied="all")
    assert model.output.weight is model.tgt_embedding.weight
    by_columns(model)
    torch.testing.assert_close(model.output.weight.data, model.tgt_embedding.weight.data)
    assert model.output.weight.t().is_contiguous()
    assert model.decoder_layers.at(0).feed_forward.wide.weight.t().is_contiguous()
    assert model.tgt_embedding.weight.is_contiguous()


def test_a_recurrent_encoder_stays_by_rows():
    model = recurrent()
    by_columns(model)
    (cell, _) = model.encoder.layers.at(0)
    assert cell.hidden.weight.is_contiguous()
    assert model.decoder.first.hidden.weight.t().is_contiguous()
