"""Cheng, Dong and Lapata 2016, "Long short-term memory-networks for machine reading", arXiv
1601.06733, section 3.1 (intra-attention); Vaswani et al. 2017, arXiv 1706.03762, section 3.1.

What the states of a recurrent encoder know of each other beside the recurrence.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from attncli.attention.base import Attention, AttentionChoice, all_steps
from attncli.errors import UsageError
from attncli.registry import Choice


class Intra(nn.Module):
    """Turns the states of a sentence into states of the same width."""

    family: ClassVar[str] = "intra"
    name: ClassVar[str | None] = None

    def __init__(self, dim: int) -> None:
        super().__init__()

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (batch, src_len, dim), 0 where their mask (batch, src_len) is False."""
        raise NotImplementedError


class NoIntra(Intra):
    """The states as the recurrence left them.

    m_s = h_s
    """

    name = "none"

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        return states


class SelfAttention(Intra):
    """Every word of the source looks at all words of its sentence, itself among them.

        m_s = LayerNorm(h_s + W attend(h_s, h))

    Cheng's intra-attention is part of each step of the recurrence; here it follows the last layer,
    so that it need not wait, as a Transformer's does. The sum and its norm are Vaswani's.

    Options:
        attention: where each word looks
    """

    name = "self-attention"

    def __init__(
        self, dim: int, *, attention: AttentionChoice = Choice("attention", "scaled-dot")
    ) -> None:
        super().__init__(dim)
        self.attention: Attention = attention.build(dim, dim)
        if self.attention.sequential or self.attention.sampled:
            raise UsageError(
                f"model.intra.attention cannot be '{attention.name}', which waits for its own last "
                "step or draws: the words of the source look all at once (try scaled-dot)"
            )
        self.join = nn.Linear(self.attention.context_dim, dim, bias=False)
        self.norm = nn.LayerNorm(dim)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        memory = self.attention.remember(states, mask)
        steps = all_steps(self.attention.start(memory), states.size(1))
        seen, _ = self.attention.read(states, memory, steps)
        read: Tensor = self.norm(states + self.join(seen))
        return read * mask.unsqueeze(-1)
