"""By which library float32 matrices are multiplied, and what that may not change."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

import attncli as package
from attncli import forced, products
from attncli.products import BY_MKL, BY_ONEDNN, attend, exact, for_rows, keeps_factors, multiplied
from attncli.search import Search
from attncli.text.batch import Batches
from attncli.text.pair import Pair
from attncli.text.store import Store
from attncli.train import validation
from tests.models.builders import recurrent, source, transformer

CPU = torch.device("cpu")


@pytest.fixture
def amd(monkeypatch):
    """A processor with AVX-512 that is not Intel's, where oneDNN rounds nothing."""
    exact.cache_clear()
    monkeypatch.setattr(products, "vendor", lambda: "AuthenticAMD")
    monkeypatch.setattr(products, "keeps_factors", lambda: True)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    yield monkeypatch
    exact.cache_clear()


def test_onednn_multiplies_where_mkl_leaves_half_of_the_processor_unused(amd):
    assert exact(CPU) == BY_ONEDNN


def test_what_would_round_factors_is_left_alone(amd):
    amd.setattr(products, "keeps_factors", lambda: False)
    assert exact(CPU) is None


def test_nothing_changes_on_the_processors_that_mkl_is_made_for(amd):
    amd.setattr(products, "vendor", lambda: "GenuineIntel")
    assert exact(CPU) is None
    assert for_rows(1, CPU) is None
    assert for_rows(64, CPU, 512) is None


def test_nothing_changes_without_avx512(amd):
    amd.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert exact(CPU) is None


def test_nothing_changes_on_a_gpu(amd):
    assert exact(torch.device("cuda")) is None


def test_small_products_stay_with_mkl_which_starts_sooner(amd):
    assert for_rows(5, CPU, 128) == BY_MKL
    assert for_rows(64, CPU, 128) == BY_ONEDNN
    assert for_rows(5, CPU, 512) == BY_ONEDNN
    assert for_rows(5, CPU) == BY_ONEDNN
    assert for_rows(2, CPU) == BY_MKL
    assert for_rows(2, CPU, 4096) == BY_MKL


def test_a_gpu_s_setting_of_the_caller_s_own_stays():
    with multiplied("high"), multiplied(None):
        assert torch.get_float32_matmul_precision() == "high"


def test_the_library_is_that_of_before_once_something_fails():
    with pytest.raises(ValueError, match="no product"), multiplied(BY_ONEDNN):
        raise ValueError("no product")
    assert torch.get_float32_matmul_precision() == BY_MKL


@pytest.mark.parametrize("rows", [1, 5, 80, 1300])
def test_the_chosen_library_keeps_every_digit(rows):
    torch.manual_seed(0)
    left, right = torch.randn(rows, 512), torch.randn(512, 300)
    with multiplied(exact(CPU)):
        found = left @ right
    torch.testing.assert_close(found.double(), left.double() @ right.double(), rtol=0, atol=2e-4)


def test_rounded_factors_are_noticed(monkeypatch):
    assert keeps_factors()
    with torch.autocast("cpu"):
        assert keeps_factors()
    unit = torch.eye
    monkeypatch.setattr(torch, "eye", lambda *sizes, **kind: unit(*sizes, **kind) * (1 + 2**-9))
    assert not keeps_factors()


@pytest.mark.parametrize(
    ("facts", "maker"),
    [
        ("processor: 0\nvendor_id\t: AuthenticAMD\nvendor_id\t: Other\n", "AuthenticAMD"),
        ("processor: 0\nCPU implementer: 0x41\n", "GenuineIntel"),
    ],
)
def test_the_maker_of_a_processor_is_what_the_system_says(tmp_path, monkeypatch, facts, maker):
    (tmp_path / "cpuinfo").write_text(facts, encoding="utf-8")
    monkeypatch.setattr(products, "FACTS", tmp_path / "cpuinfo")
    monkeypatch.setattr(products.platform, "processor", lambda: "Intel64 Family 6, GenuineIntel")
    assert products.vendor() == maker


@pytest.fixture
def settings(monkeypatch):
    """The settings at each call of the fused kernel."""
    seen = []

    def watched(*given, **named):
        seen.append(torch.get_float32_matmul_precision())
        return scaled_dot_product_attention(*given, **named)

    monkeypatch.setattr(products.functional, "scaled_dot_product_attention", watched)
    return seen


@pytest.mark.parametrize("masked", [True, False])
def test_heads_are_multiplied_by_mkl_whatever_multiplies_around_them(settings, masked):
    torch.manual_seed(0)
    query, keys, values = (torch.randn(3, 4, length, 32) for length in (5, 7, 7))
    mask = torch.zeros(3, 1, 1, 7) if masked else None
    expected = scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    with multiplied(BY_ONEDNN):
        found = attend(query, keys, values, mask)
        assert torch.get_float32_matmul_precision() == BY_ONEDNN
    assert settings == [BY_MKL]
    assert torch.equal(found, expected)


def watch(monkeypatch, model, name):
    """The settings at each call of a method of a model."""
    seen, plain = [], getattr(model, name)

    def watched(*given):
        seen.append(torch.get_float32_matmul_precision())
        return plain(*given)

    monkeypatch.setattr(model, name, watched)
    return seen


@pytest.mark.parametrize(("sentences", "library"), [(1, BY_MKL), (3, BY_ONEDNN)])
@pytest.mark.parametrize("build", [recurrent, transformer])
def test_a_search_chooses_by_its_hypotheses(amd, build, sentences, library):
    model = build()
    seen = watch(amd, model, "encode")
    Search(beam=1).find(model, source(*range(4, 4 + sentences)))
    assert seen == [library]
    assert torch.get_float32_matmul_precision() == BY_MKL


def test_small_layers_of_a_transformer_stay_with_mkl_in_a_search(amd, settings):
    model = transformer()
    layers = []
    plain = torch.nn.functional.layer_norm

    def watched(*given, **named):
        layers.append(torch.get_float32_matmul_precision())
        return plain(*given, **named)

    amd.setattr(torch.nn.functional, "layer_norm", watched)
    amd.setattr("attncli.models.transformer_rows.layer_norm", watched)
    Search(beam=1, max_ratio=0.0, max_extra=2).find(model, source(4, 5, 6))
    assert {BY_MKL, BY_ONEDNN} == set(layers)  # the step's own, and the encoder's
    assert set(settings) == {BY_MKL}


def test_given_translations_and_validation_are_multiplied_as_training_is(amd, runs):
    loaded = package.load(runs / "first").loaded
    seen = watch(amd, loaded.model, "forward")
    pairs = [Pair("ein Hund steht", "EIN HUND STEHT")]
    forced.force(loaded, pairs)
    store = Store(loaded.run.path / "data" / "valid")
    validator = validation.Validator(loaded.codec, store, pairs, Batches(tokens=10_000))
    validator.validate(loaded.model)
    assert seen == [BY_ONEDNN, BY_ONEDNN]
