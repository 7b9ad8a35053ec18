"""What a search has finished so far, and what the model saw on the way there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attncli.attention.base import State, reordered
from attncli.models.decoded import Decoded, Source
from attncli.models.output import Output

WEIGHTS = "weights"
KEPT_WITH_THE_DONE = 0.8
"""A batch with a larger share of unfinished sentences goes on whole: dropping rows copies all."""


@dataclass(frozen=True)
class Entry:
    """One finished hypothesis, and in which slot of the beam each of its words was decoded."""

    score: float
    log_prob: float
    ids: list[int]
    slots: list[int]


class Finished:
    """The best finished hypotheses of each sentence, as many as the beam is wide."""

    def __init__(self, tensors: State) -> None:
        self.tensors = tensors

    @classmethod
    def begin(cls, batch: int, beam: int, steps: int, device: torch.device) -> Finished:
        """Room for hypotheses of up to `steps` words."""
        blank = torch.zeros(batch, beam, steps, dtype=torch.long, device=device)
        none = torch.full((batch, beam), -math.inf, device=device)
        length = torch.zeros(batch, beam, dtype=torch.long, device=device)
        return cls(
            {"score": none, "log_prob": none, "length": length, "ids": blank, "slots": blank}
        )

    def take(self, own: State, ended: Tensor, scores: Tensor, length: int) -> None:
        """Takes the candidates (batch, candidates) that have ended, as far as they are good.

        Only candidates among the first beam count, as if the others had left the beam.
        """
        beam = self.tensors["score"].size(1)
        if not bool(ended[:, :beam].any()):
            return
        room = self.tensors["ids"].size(2)
        pad = (0, room - length)
        new = {
            "score": scores[:, :beam].masked_fill(~ended[:, :beam], -math.inf),
            "log_prob": own["log_prob"][:, :beam],
            "length": torch.full_like(own["last"][:, :beam], length),
            "ids": torch.nn.functional.pad(own["ids"][:, :beam], pad),
            "slots": torch.nn.functional.pad(own["slots"][:, :beam], pad),
        }
        both = {name: torch.cat([part, new[name]], 1) for name, part in self.tensors.items()}
        order = both["score"].topk(beam, 1).indices
        self.tensors = reordered(both, order)

    def full(self) -> Tensor:
        """True where a sentence has as many finished hypotheses as the beam is wide: (batch,)."""
        return ~self.tensors["score"].isneginf().any(1)

    def select(self, rows: Tensor) -> Finished:
        """Some sentences of the batch."""
        return Finished({name: part.index_select(0, rows) for name, part in self.tensors.items()})

    def entries(self, place: int) -> list[Entry]:
        """The finished hypotheses of one sentence, best first."""
        parts = {name: part[place].tolist() for name, part in self.tensors.items()}
        return [
            Entry(score, log_prob, ids[:length], slots[:length])
            for score, log_prob, length, ids, slots in zip(*parts.values(), strict=True)
        ]


class History:
    """What was seen at every step in every slot of the beam; hypotheses pick theirs at the end."""

    def __init__(self, batch: int) -> None:
        self.steps: list[dict[str, np.ndarray]] = []  # (rows, layers, heads, beam[, src_len])
        self.places: list[np.ndarray] = []  # (batch,), where a sentence stood at that step
        self.batch = batch

    def add(self, rows: list[int], output: Output, decoded: Decoded, source: Source) -> None:
        """One step of the sentences `rows`, if there is something to see in it."""
        if decoded.weights is None:
            return
        seen = {WEIGHTS: decoded.weights} | output.look(decoded, source)
        places = np.full(self.batch, -1)
        places[rows] = np.arange(len(rows))
        self.places.append(places)
        self.steps.append({name: part.float().cpu().numpy() for name, part in seen.items()})

    def along(self, row: int, slots: list[int]) -> dict[str, np.ndarray]:
        """What was seen along the slots of one hypothesis: (layers, heads, tgt_len[, src_len])."""
        if not self.steps:
            return {}
        way = list(zip(self.steps, self.places, slots, strict=False))
        return {
            name: np.stack([step[name][places[row], :, :, slot] for step, places, slot in way], 2)
            for name in self.steps[0]
        }
