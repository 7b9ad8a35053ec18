"""The presets that are shipped: each names its paper and builds the model that it describes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from attncli.recipe import Recipe, packaged, preset, preset_names

PAPERS = {"bahdanau", "luong-dot", "luong-general", "luong-concat", "luong-location"}
PAPERS |= {"luong-local-m", "luong-local-p", "transformer"}


def read(name: str, tmp_path: Path) -> Recipe:
    path = tmp_path / "x.yaml"
    path.write_text("seed: 1\n")
    return Recipe.read(path, attention=name)


def test_every_paper_has_its_preset() -> None:
    assert set(preset_names()) >= PAPERS
    assert (packaged("recipes") / "base.yaml").is_file()


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_builds_and_names_its_paper(name: str, tmp_path: Path) -> None:
    with torch.device("meta"):
        model = read(name, tmp_path).build("model", 50, 60)
    assert sum(parameter.numel() for parameter in model.parameters()) > 0
    found = preset(name)
    assert found.summary.endswith(".")
    assert "https://" in found.paper
    assert found.equation


def test_bahdanau_is_a_wiring_not_only_a_score(tmp_path: Path) -> None:
    found = read("bahdanau", tmp_path)
    expected = {
        "attention": "additive",
        "reads": "before",
        "cell": "gru-cho",
        "bridge": "backward",
        "readout": "maxout",
    }
    assert {key: found.choice(f"model.{key}").name for key in expected} == expected


def test_luongs_concat_fixes_the_identity(tmp_path: Path) -> None:
    found = read("luong-concat", tmp_path)
    assert found.value("model.attention.identity") is True
    assert found.value("model.reads.feed") is True
