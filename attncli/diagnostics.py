"""How an attention looks, in figures for each layer and head, and what of it is off, in words.

a_ts is the weight of source piece s as target piece t is written, without the row that writes
`</s>`; p_ts = a_ts / sum_s a_ts. Rows that look at nothing are left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Look(NamedTuple):
    """The attention over one sentence."""

    weights: np.ndarray  # (layers, heads, tgt_len, src_len), without the row that writes </s>
    end: np.ndarray  # (src_len,), True at the source's </s>
    centre: np.ndarray | None = None  # (..., tgt_len), in source pieces; None without a window


class Mean(NamedTuple):
    """Part of a mean: a sum and how many things were summed, each (layers, heads)."""

    total: np.ndarray
    counted: np.ndarray


def entropy(look: Look) -> Mean:
    """H_t = - sum_s p_ts log p_ts in nats, mean over t: 0 looks at one piece, log S at all."""
    shares, seen = _shares(look.weights)
    return _mean(_entropy(shares), seen)


def entropy_share(look: Look) -> Mean:
    """H_t / log S, mean over t, in sentences of S > 1: the entropy of an even spread is 1."""
    length = look.weights.shape[-1]
    shares, seen = _shares(look.weights)
    return _mean(_entropy(shares) / np.log(max(2, length)), seen & (length > 1))


def end_mass(look: Look) -> Mean:
    """sum of p_ts over the source's </s>, mean over t."""
    shares, seen = _shares(look.weights)
    return _mean(shares[..., look.end].sum(-1), seen)


def coverage_deviation(look: Look) -> Mean:
    """| sum_t a_ts - 1 |, mean over the source pieces s but </s>: 0 reads each exactly once."""
    covered = look.weights[..., ~look.end].sum(2)  # (layers, heads, pieces)
    return _mean(np.abs(covered - 1), np.ones_like(covered, bool))


def monotonicity(look: Look) -> Mean:
    """[argmax_s p_ts >= argmax_s p_t-1,s], mean over t > 1: 1 never goes back in the source."""
    shares, seen = _shares(look.weights)
    places = shares.argmax(-1)
    return _mean(places[..., 1:] >= places[..., :-1], seen[..., 1:] & seen[..., :-1])


def diagonality(look: Look) -> Mean:
    """1 - sum_s p_ts | s / (S - 1) - t / (T - 1) |, mean over t, s and t from 0, without </s>.

    1 lies on the diagonal, an even spread has about 2/3, the other diagonal 1/2; S, T > 1.
    """
    shares, seen = _shares(look.weights[..., ~look.end])
    tgt_len, src_len = shares.shape[2:]
    if tgt_len < 2 or src_len < 2:
        return _mean(np.zeros(shares.shape[:3]), np.zeros(shares.shape[:3], bool))
    away = np.abs(np.linspace(0, 1, src_len) - np.linspace(0, 1, tgt_len)[:, None])
    return _mean(1 - (shares * away).sum(-1), seen)


def heaviest(look: Look) -> Mean:
    """max_s mean_t p_ts over s but </s>, mean over sentences of four pieces and more a side."""
    shares, seen = _shares(look.weights)
    rows = seen.sum(-1)  # (layers, heads)
    mass = shares[..., ~look.end].sum(2) / np.maximum(rows, 1)[..., None]
    enough = (rows >= LONG_ENOUGH) & (mass.shape[-1] >= LONG_ENOUGH)
    top = mass.max(-1, initial=0.0)
    return Mean(np.where(enough, top, 0.0), enough.astype(float))


def blindness(look: Look) -> Mean:
    """[sum_s a_ts = 0], mean over t: the share of target pieces that look at nothing."""
    _, seen = _shares(look.weights)
    return _mean(~seen, np.ones_like(seen))


def stillness(look: Look) -> Mean:
    """[max_t p_t - min_t p_t < 1/2], p_t a window's centre, mean over sentences as in `heaviest`.

    The share of sentences in which the window stays where it is from the first piece to the last.
    """
    layers, heads, tgt_len, src_len = look.weights.shape
    if look.centre is None or min(tgt_len, src_len - look.end.sum()) < LONG_ENOUGH:
        return Mean(np.zeros((layers, heads)), np.zeros((layers, heads)))
    reach = np.broadcast_to(np.ptp(look.centre, -1), (layers, heads))
    return Mean((reach < 0.5).astype(float), np.ones((layers, heads)))


LONG_ENOUGH = 4
MEASURES: Mapping[str, Callable[[Look], Mean]] = {
    measure.__name__: measure
    for measure in (
        entropy,
        entropy_share,
        end_mass,
        coverage_deviation,
        monotonicity,
        diagonality,
        heaviest,
        blindness,
        stillness,
    )
}


class Concern(NamedTuple):
    """What is said where a figure reaches a bound."""

    measure: str
    bound: float
    text: str  # its braces take the figure


CONCERNS = (
    Concern("entropy_share", 0.95, "attention is nearly uniform: {:.0%} of maximum entropy"),
    Concern("heaviest", 0.6, "one source position takes {:.0%} of the mass"),
    Concern("end_mass", 0.4, "{:.0%} of the mass lies on </s>"),
    Concern(
        "coverage_deviation", 1.0, "source pieces are read unevenly: coverage is off by {:.1f}"
    ),
    Concern("blindness", 0.01, "{:.0%} of the target pieces look at nothing"),
    Concern("stillness", 0.5, "the window stands still in {:.0%} of the sentences"),
)


@dataclass(frozen=True)
class Diagnosis:
    """Figures of one model over many sentences, by the names in MEASURES.

    Each is (layers, heads), and NaN where no sentence was long enough for it.
    """

    figures: Mapping[str, np.ndarray]

    def means(self) -> dict[str, float | None]:
        """Each figure's mean over the heads of all layers that have it; None where none has."""
        known = {name: values[np.isfinite(values)] for name, values in self.figures.items()}
        return {name: float(one.mean()) if one.size else None for name, one in known.items()}

    def heads(self) -> list[dict[str, float | None]]:
        """The figures of every head, with its layer and head from 1; empty where there is one."""
        layers, heads = self.figures[entropy.__name__].shape
        if layers * heads == 1:
            return []
        return [
            {"layer": layer + 1, "head": head + 1}
            | {name: _number(values[layer, head]) for name, values in self.figures.items()}
            for layer in range(layers)
            for head in range(heads)
        ]

    def lines(self) -> list[str]:
        """The means, the figures of each head where there are several, and what is off."""
        said = [f"attention: {_described(self.means())}"]
        said += [f"  {one['layer']}.{one['head']}: {_described(one)}" for one in self.heads()]
        return said + [f"finding: {line}" for line in self.findings()]

    def findings(self) -> list[str]:
        """What is off, a line each; of several heads, how many it holds for and which."""
        return [line for concern in CONCERNS if (line := self._finding(concern))]

    def _finding(self, concern: Concern) -> str:
        values = self.figures[concern.measure]
        places = np.argwhere(values >= concern.bound)
        if not len(places):
            return ""
        said = concern.text.format(values[values >= concern.bound].mean())
        if values.size == 1:
            return said
        which = ", ".join(f"{layer + 1}.{head + 1}" for layer, head in places)
        return f"{said} in {len(places)} of {values.size} heads (layer.head {which})"

    def curves(self) -> dict[str, float | None]:
        """The means, and where there are several heads theirs, by names fit for a chart."""
        found = {f"attention/{name}": value for name, value in self.means().items()}
        if self.heads():
            for name, values in self.figures.items():
                for (layer, head), value in np.ndenumerate(values):
                    found[f"attention/{name}/{layer + 1}.{head + 1}"] = _number(value)
        return found

    def plain(self) -> dict[str, object]:
        """The figures as JSON holds them."""
        return {"mean": self.means(), "heads": self.heads(), "findings": self.findings()}


class Tally:
    """Takes sentences one by one, and keeps sums alone."""

    def __init__(self) -> None:
        self.sums: dict[str, Mean] = {}

    def add(self, look: Look) -> None:
        """Counts one sentence; all must be of one model."""
        for name, measure in MEASURES.items():
            part = measure(look)
            before = self.sums.get(name, Mean(np.zeros(()), np.zeros(())))
            self.sums[name] = Mean(before.total + part.total, before.counted + part.counted)

    def diagnosis(self) -> Diagnosis | None:
        """The figures of all sentences so far; None where nothing was looked at."""
        if not self.sums or not self.sums[entropy.__name__].counted.any():
            return None
        return Diagnosis({name: _divided(part) for name, part in self.sums.items()})


def _shares(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p_ts, and True where a row looks at something: (layers, heads, tgt_len)."""
    mass = weights.sum(-1, keepdims=True)
    return weights / np.where(mass > 0, mass, 1), mass[..., 0] > 0


def _entropy(shares: np.ndarray) -> np.ndarray:
    nats: np.ndarray = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(-1)
    return nats


def _mean(values: np.ndarray, counted: np.ndarray) -> Mean:
    return Mean((values * counted).sum(-1), counted.sum(-1).astype(float))


def _divided(part: Mean) -> np.ndarray:
    return np.where(part.counted > 0, part.total / np.maximum(part.counted, 1), np.nan)


DESCRIPTIONS = {
    "entropy": "entropy {:.2f} nats",
    "entropy_share": "{:.0%} of an even spread",
    "end_mass": "{:.0%} on </s>",
    "coverage_deviation": "coverage off by {:.2f}",
    "monotonicity": "monotone {:.0%}",
    "diagonality": "diagonal {:.0%}",
}


def _described(figures: Mapping[str, float | None]) -> str:
    parts = ((text, figures[name]) for name, text in DESCRIPTIONS.items())
    return ", ".join(text.format(value) for text, value in parts if value is not None)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
