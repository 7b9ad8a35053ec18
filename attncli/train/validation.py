"""How good a model is on the validation set: loss by teacher forcing, BLEU by real decoding."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor

from attncli.attention_map import CENTRE
from attncli.decoding import Decoding, Encoded
from attncli.diagnostics import Diagnosis, Look, Tally
from attncli.errors import RunError
from attncli.experiment import previous_of
from attncli.models.base import Seq2Seq
from attncli.models.decoded import Decoded, Source
from attncli.objective import shifted
from attncli.products import exact, multiplied
from attncli.search import Search
from attncli.text.batch import Batch, Batches
from attncli.text.codec import Codec
from attncli.text.pair import Pair
from attncli.text.piece_model import EOS, PAD
from attncli.text.store import Store


@dataclass(frozen=True)
class Validation:
    """Figures of one validation."""

    loss: float  # nats a piece
    bleu: float | None  # None where nothing was decoded
    seconds: float
    attention: Diagnosis | None = None  # None where the model has none

    @property
    def perplexity(self) -> float:
        """Of a piece, EOS included."""
        return math.exp(min(self.loss, 100.0))

    @property
    def value(self) -> float:
        """What is to improve, the higher the better."""
        return -self.loss if self.bleu is None else self.bleu

    @property
    def figure(self) -> str:
        """What is to improve, in words."""
        return f"perplexity {self.perplexity:.3f}" if self.bleu is None else f"BLEU {self.bleu:.2f}"


class Validator:
    """Scores a model on the validation pairs."""

    def __init__(self, codec: Codec, store: Store, pairs: list[Pair], batches: Batches) -> None:
        self.codec = codec
        self.store = store
        self.pairs = pairs
        self.batches = batches
        self.bleu = BLEU(force=True)

    def validate(self, model: Seq2Seq, search: Search | None = None) -> Validation:
        """Loss over all pairs; with a `search`, BLEU of what it finds for all pairs.

        Raises:
            RunError: the loss is no number.
        """
        begun = time.monotonic()
        was_training = model.training
        model.eval()
        loss, attention = self._forced(model)
        require_number(loss, "validation")
        bleu = None if search is None else self._bleu(model, search)
        model.train(was_training)
        return Validation(loss, bleu, time.monotonic() - begun, attention)

    @torch.no_grad()
    def _forced(self, model: Seq2Seq) -> tuple[float, Diagnosis | None]:
        """Negative log-likelihood a target piece, in nats, and how the attention looks."""
        device = next(model.parameters()).device
        nll, words, tally = 0.0, 0, Tally()
        for rows in self.batches.epoch(self.store, 0, 0):
            source, target = tensors(self.batches.collate(self.store, rows, model.previous), device)
            mask = target != PAD
            with multiplied(exact(device)):
                decoded = model(source, shifted(target), True)
                nll += float(model.output.nll(decoded, source, target, mask, 0.0).nll)
            words += int(mask.sum())
            centre = model.output.look(decoded, source).get(CENTRE)
            for look in looks(decoded, source, target, centre):
                tally.add(look)
        return nll / words, tally.diagnosis()

    def _bleu(self, model: Seq2Seq, search: Search) -> float:
        """Of all sentences; blank pairs between documents are none."""
        device = next(model.parameters()).device
        chosen = [row for row, pair in enumerate(self.pairs) if not pair.blank]
        pairs = [self.pairs[row] for row in chosen]
        encoded = [
            Encoded(
                self.store.src(row).tolist(),
                [ids.tolist() for ids in self.store.before(row, model.previous)],
            )
            for row in chosen
        ]
        with closing(Decoding(model, search, device)) as decoding:
            found = decoding.found(encoded)
        texts = [
            self.codec.decode_target(best[0].ids, pair.src)
            for best, pair in zip(found, pairs, strict=True)
        ]
        return float(self.bleu.corpus_score(texts, [[pair.tgt for pair in pairs]]).score)


def require_number(loss: float, where: str) -> None:
    """Lets training go on only while its loss is a number.

    Raises:
        RunError: it is infinite, or not a number.
    """
    if not math.isfinite(loss):
        raise RunError(
            f"{where}: the loss is {loss}, training has diverged (try a lower train.optimizer.lr, "
            "or train.clip=1)"
        )


def looks(
    decoded: Decoded, source: Source, target: Tensor, centre: Tensor | None = None
) -> Iterator[Look]:
    """The attention over each sentence of a batch, without padding and the row that writes EOS.

    `centre` (batch, layers, heads, tgt_len) is that of its window, where there is one.
    """
    if decoded.weights is None:
        return
    src_lengths = source.mask.sum(1).tolist()
    tgt_lengths = (target != PAD).sum(1).tolist()
    weights = decoded.weights.float().cpu().numpy()
    ends = (source.ids == EOS).cpu().numpy()
    for row, (src_len, tgt_len) in enumerate(zip(src_lengths, tgt_lengths, strict=True)):
        moves = None if centre is None else centre[row, :, :, : tgt_len - 1].float().cpu().numpy()
        yield Look(weights[row, :, :, : tgt_len - 1, :src_len], ends[row, :src_len], moves)


def tensors(batch: Batch, device: torch.device) -> tuple[Source, Tensor]:
    """A batch as the model gets it."""
    ids = torch.from_numpy(batch.src).to(device)
    before = previous_of(batch.before, device)
    return Source(ids, ids != PAD, before), torch.from_numpy(batch.tgt).to(device)
