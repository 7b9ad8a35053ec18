"""By which library float32 matrices are multiplied, and what that may not change."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from attncli import products
from attncli.products import BY_MKL, BY_ONEDNN, exact, for_rows, heads, keeps_factors, multiplied

CPU = torch.device("cpu")


@pytest.fixture
def amd(monkeypatch):
    """A processor with AVX-512 that is not Intel's."""
    exact.cache_clear()
    monkeypatch.setattr(products, "vendor", lambda: "AuthenticAMD")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    yield monkeypatch
    exact.cache_clear()


def test_onednn_multiplies_where_mkl_leaves_half_of_the_processor_unused(amd):
    amd.setattr(products, "keeps_factors", lambda: True)
    assert exact(CPU) == BY_ONEDNN


def test_what_would_round_factors_is_left_alone(amd):
    amd.setattr(products, "keeps_factors", lambda: False)
    assert exact(CPU) == BY_MKL


def test_mkl_multiplies_on_the_processors_that_it_is_made_for(amd):
    amd.setattr(products, "vendor", lambda: "GenuineIntel")
    assert exact(CPU) == BY_MKL


def test_mkl_multiplies_without_avx512(amd):
    amd.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert exact(CPU) == BY_MKL


def test_products_on_a_gpu_are_not_rounded(amd):
    amd.setattr(products, "keeps_factors", lambda: True)
    assert exact(torch.device("cuda")) == BY_MKL


def test_small_products_stay_with_mkl_which_starts_sooner(amd):
    amd.setattr(products, "keeps_factors", lambda: True)
    assert for_rows(5, 128, CPU) == BY_MKL
    assert for_rows(64, 128, CPU) == BY_ONEDNN
    assert for_rows(5, 512, CPU) == BY_ONEDNN


def test_the_chosen_library_keeps_every_digit():
    with multiplied(exact(CPU)):
        assert keeps_factors()
        torch.manual_seed(0)
        left, right = torch.randn(80, 512), torch.randn(512, 300)
        torch.testing.assert_close(
            left @ right, (left.double() @ right.double()).float(), rtol=1e-4, atol=1e-4
        )


def test_the_library_is_that_of_before_once_something_fails():
    with pytest.raises(ValueError, match="no product"), multiplied(BY_ONEDNN):
        raise ValueError("no product")
    assert torch.get_float32_matmul_precision() == BY_MKL


@pytest.mark.parametrize("masked", [True, False])
def test_heads_are_multiplied_by_mkl_whatever_multiplies_around_them(monkeypatch, masked):
    torch.manual_seed(0)
    query, keys, values = (torch.randn(3, 4, length, 32) for length in (5, 7, 7))
    mask = torch.zeros(3, 1, 1, 7) if masked else None
    expected = scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    seen = []

    def watched(*given, **named):
        seen.append(torch.get_float32_matmul_precision())
        return scaled_dot_product_attention(*given, **named)

    monkeypatch.setattr(products.functional, "scaled_dot_product_attention", watched)
    with multiplied(BY_ONEDNN):
        found = heads(query, keys, values, mask)
        assert torch.get_float32_matmul_precision() == BY_ONEDNN
    assert seen == [BY_MKL]
    assert torch.equal(found, expected)


def test_the_maker_of_this_processor_has_a_name():
    assert products.vendor()
