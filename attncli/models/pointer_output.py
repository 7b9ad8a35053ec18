"""Vinyals, Fortunato and Jaitly 2015, "Pointer networks", arXiv 1506.03134, section 2.3."""

from __future__ import annotations

from torch import Tensor

from attncli.models.copying import glimpse_of, log, shares, spread, taken
from attncli.models.decoded import Decoded, GlimpseSizes, Source
from attncli.models.output import NO_GLIMPSE, Loss, Output


class Positions(Output):
    """Pointer network: where the attention looks is what is written.

        P(w) = sum_(i: w_i = w) a_ti

    Every word that is written stands in the source, its end too; there is no layer of words. Label
    smoothing has no vocabulary to spread over, and is left out.
    """

    name = "positions"
    looks = True
    joint = True

    def __init__(self, dim: int, vocab: int, glimpse: GlimpseSizes = NO_GLIMPSE) -> None:
        super().__init__()
        self.vocab = vocab

    def nll(
        self, decoded: Decoded, source: Source, target: Tensor, mask: Tensor, smoothing: float
    ) -> Loss:
        _, weights = glimpse_of(decoded, self.name)
        nll = -log(taken(shares(weights, source.mask.unsqueeze(1)), source, target))[mask].sum()
        return Loss(nll, nll.detach())

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        _, weights = glimpse_of(decoded, self.name)
        nothing = weights.new_zeros(*weights.shape[:2], self.vocab)
        return log(spread(nothing, shares(weights, source.mask.unsqueeze(1)), source))
