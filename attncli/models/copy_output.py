"""See, Liu and Manning 2017, "Get to the point: summarization with pointer-generator networks",
arXiv 1704.04368, section 2.2, eq. 8 and 9.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from attncli.models.copying import glimpse_of, log, shares, spread, taken
from attncli.models.decoded import Decoded, Glimpse, GlimpseSizes, Source
from attncli.models.output import Best, Loss, Projection, known, marked

CHUNK = 512


class Copy(Projection):
    """Pointer-generator: each word is made from the vocabulary or taken from the source.

        p_gen_t = sigmoid(w_c . c_t + w_s . s_t + w_x . x_t + b)
        P(w) = p_gen_t P_vocab(w) + (1 - p_gen_t) sum_(i: w_i = w) a_ti

    A word that the vocabulary lacks can be taken as it stands. Weights that do not sum to one are
    scaled to it (see `shares`), and label smoothing smooths P_vocab alone.
    """

    name = "copy"
    looks = True
    joint = True

    def __init__(self, dim: int, vocab: int, glimpse: GlimpseSizes, *, bias: bool = True) -> None:
        super().__init__(dim, vocab, glimpse, bias=bias)
        self.gate = nn.Linear(sum(glimpse), 1)

    def gate_logit(self, glimpse: Glimpse) -> Tensor:
        """What p_gen is the sigmoid of, (batch, queries)."""
        logit: Tensor = self.gate(torch.cat([glimpse.context, glimpse.state, glimpse.word], -1))
        return logit.squeeze(-1).float()

    def look(self, decoded: Decoded, source: Source) -> dict[str, Tensor]:
        glimpse, _ = glimpse_of(decoded, self.name)
        gate = self.gate_logit(glimpse).sigmoid().unsqueeze(1).unsqueeze(1)
        return super().look(decoded, source) | {"gate": gate}

    def nll(
        self, decoded: Decoded, source: Source, target: Tensor, mask: Tensor, smoothing: float
    ) -> Loss:
        glimpse, weights = glimpse_of(decoded, self.name)
        rows = [
            marked(decoded.hidden, mask).to(self.weight.dtype),
            self.gate_logit(glimpse)[mask],
            taken(shares(weights, source.mask.unsqueeze(1)), source, target)[mask],
            target[mask],
        ]
        loss = nll = self.weight.new_zeros(())
        with torch.autocast(target.device.type, enabled=False):
            for chunk in zip(*(torch.split(part, CHUNK) for part in rows), strict=True):
                more = checkpoint(self._losses, *chunk, smoothing, use_reentrant=False)
                loss, nll = loss + more[0], nll + more[1].detach()
        return Loss(loss, nll)

    def _losses(
        self, hidden: Tensor, gate: Tensor, copied: Tensor, target: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        """Of some words (words,); their logits are computed again for the gradients, not kept."""
        logits = self.logits(hidden)  # (words, vocab)
        normalizer = logits.logsumexp(1)
        vocab = logits.size(1)
        right = logits.gather(1, known(target, vocab).unsqueeze(1)).squeeze(1)
        made = (right - normalizer).masked_fill(target >= vocab, -torch.inf)
        sides = nn.functional.logsigmoid(gate) + made, nn.functional.logsigmoid(-gate) + log(copied)
        nll = -torch.logaddexp(*sides).sum()
        uniform = (normalizer - logits.mean(1)).sum()
        return (1 - smoothing) * nll + smoothing * uniform, nll

    def log_probs(self, decoded: Decoded, source: Source) -> Tensor:
        glimpse, weights = glimpse_of(decoded, self.name)
        gate = self.gate_logit(glimpse).sigmoid().unsqueeze(-1)
        made = gate * self.logits(decoded.hidden).float().softmax(-1)
        return log(spread(made, (1 - gate) * shares(weights, source.mask.unsqueeze(1)), source))

    def best(self, decoded: Decoded, source: Source, k: int) -> Best:
        return Best.of(self.log_probs(decoded, source), k)
