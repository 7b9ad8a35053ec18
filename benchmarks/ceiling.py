"""What a model's own work is: floating-point operations a target piece, with the formula.

A multiply-add counts as two operations, and backward as twice forward. Only matrix products are
counted: element-wise work, softmaxes and optimizers are what a ceiling leaves out. r is the number
of source pieces for each target piece.
"""

from __future__ import annotations

from dataclasses import dataclass

TRAINED = 6  # two operations a multiply-add; forward, and backward which is two products


@dataclass(frozen=True)
class Work:
    """Multiply-adds a target piece in one pass forward."""

    formula: str
    values: str
    multiply_adds: float

    @property
    def operations(self) -> float:
        """Operations a target piece in training."""
        return TRAINED * self.multiply_adds


def transformer(vocab: int, ratio: float, dim: int = 128, width: int = 256, n: int = 4) -> Work:
    """The Transformer of configuration T, without attention's own products: sentences are short."""
    target = n * (6 * dim**2 + 2 * dim * width) + dim * vocab
    source = n * (4 * dim**2 + 2 * dim * width + 2 * dim**2)
    return Work(
        "n (6 d² + 2 d f) + d V + r n (4 d² + 2 d f + 2 d²)",
        f"n = {n} layers, d = {dim}, f = {width}, V = {vocab:,}, r = {ratio:.2f}",
        target + ratio * source,
    )


def recurrent(vocab: int, ratio: float, feeds: bool, e: int = 256, h: int = 512) -> Work:
    """The LSTMs of configurations R (`feeds`) and R0; the encoder is h/2 wide in each direction."""
    fed = h if feeds else 0
    target = 4 * h * (e + fed + h) + 2 * h * h + h * vocab
    source = 2 * 4 * (h // 2) * (e + h // 2) + h * h
    return Work(
        f"4 h (e + {'h + ' if feeds else ''}h) + 2 h² + h V + r (4 h (e + h/2) + h²)",
        f"e = {e}, h = {h}, V = {vocab:,}, r = {ratio:.2f}",
        target + ratio * source,
    )


def work(configuration: str, vocab: int, ratio: float) -> Work:
    """The work of a configuration."""
    return {
        "T": transformer(vocab, ratio),
        "R": recurrent(vocab, ratio, feeds=True),
        "R0": recurrent(vocab, ratio, feeds=False),
    }[configuration]
