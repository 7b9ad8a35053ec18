"""What training would take is reckoned from real steps."""

from __future__ import annotations

from attncli.compare import forecast
from attncli.compare.forecast import FILE, Forecast, Order, carry_out
from attncli.compare.records import read_record
from attncli.compare.selection import Candidate
from attncli.recipe import Recipe
from attncli.run import Run
from tests.running import SMALL


def test_a_few_steps_tell_the_whole(corpus, tmp_path):
    flags = {"--data": ("data.name", str(corpus))}
    recipe = Recipe.read("attention/dot", flags=flags, sets=[*SMALL, "train.epochs=7"])
    run = Run.create(tmp_path, "short", dated=False)
    recipe.dump(run.path / "whole.yaml")
    carry_out(Order(str(run.path / "whole.yaml"), str(run.path), "cpu", 1))
    found = read_record(run.path / FILE, Forecast)
    assert found.parameters == run.facts()["parameters"]
    assert found.steps == 49, "seven batches an epoch"
    assert found.memory > 10_000_000
    words = 7 * len((corpus / "train.de").read_text(encoding="utf-8").split())
    pieces = found.seconds * found.tokens_per_second
    assert words < pieces < 5 * words


def test_rows_that_train_alike_are_reckoned_once(corpus, monkeypatch):
    flags = {"--data": ("data.name", str(corpus))}
    candidates = [
        Candidate(name, Recipe.read("attention/dot", flags=flags, sets=[*SMALL, setting]))
        for name, setting in (("wide", "search.beam=5"), ("narrow", "search.beam=1"))
    ]
    one = Forecast(1, 2, 3.0, 4.0, 5)
    monkeypatch.setattr(forecast, "_in_a_process", lambda run, device, threads: one)
    assert dict(forecast.forecasts(candidates, "cpu", 1)) == {"wide": one, "narrow": None}


def test_rows_that_train_on_other_text_are_reckoned_each(corpus, monkeypatch):
    def candidate(name, train):
        sets = [*SMALL, f"data.train={corpus / train}", f"data.valid={corpus / 'val'}"]
        return Candidate(name, Recipe.read("attention/dot", sets=sets))

    one = Forecast(1, 2, 3.0, 4.0, 5)
    monkeypatch.setattr(forecast, "_in_a_process", lambda run, device, threads: one)
    monkeypatch.setattr(forecast.shutil, "copytree", lambda *given: None)
    both = [candidate("clean", "train"), candidate("noisy", "test")]
    assert dict(forecast.forecasts(both, "cpu", 1)) == {"clean": one, "noisy": one}


def test_one_step_is_enough_to_reckon_from(corpus, tmp_path):
    flags = {"--data": ("data.name", str(corpus))}
    sets = [*SMALL, "train.epochs=1", "batch.tokens=100000"]
    recipe = Recipe.read("attention/dot", flags=flags, sets=sets)
    run = Run.create(tmp_path, "short", dated=False)
    recipe.dump(run.path / "whole.yaml")
    carry_out(Order(str(run.path / "whole.yaml"), str(run.path), "cpu", 1))
    assert read_record(run.path / FILE, Forecast).tokens_per_second > 0
