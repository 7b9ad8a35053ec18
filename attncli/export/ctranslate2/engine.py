"""Translation by an exported model: CTranslate2 searches, and its finds are ranked as ours are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from attncli.decoding import Encoded
from attncli.errors import UsageError
from attncli.experiment import Loaded, source_of
from attncli.export.ctranslate2.convert import POSITIONS, library
from attncli.search import Found, Search
from attncli.text.piece_model import EOS
from attncli.translate import Translator


class CTranslate2Translator(Translator):
    """Translates with the model that `attncli export` wrote into `folder`.

    The search goes by log-probabilities alone, and the beam that it ends with is then ranked by
    log p(Y) / lp(Y) as in `Search`. CTranslate2 sometimes searches on where `Search` has a full
    beam of finished hypotheses, and then may find a more probable one.

    Raises:
        UsageError: CTranslate2 is not installed, or the search asks for what it does not have.
    """

    def __init__(self, loaded: Loaded, search: Search, folder: Path, sentences: int) -> None:
        super().__init__([loaded], search, sentences=sentences)
        ctranslate2 = library()
        if search.coverage_penalty or search.sample or search.replace_unknown:
            raise UsageError(
                "--engine ctranslate2 has a beam and a length penalty only (search.sample, "
                "search.coverage_penalty and search.replace_unknown need --engine torch)"
            )
        self.exported = ctranslate2.Translator(str(folder), intra_threads=torch.get_num_threads())
        self.ids = {piece: place for place, piece in enumerate(self.codec.tgt.names)}

    def decode(self, encoded: Sequence[Encoded], look: bool) -> list[list[Found]]:
        """Translations of sentences, in their order; attention is not to be had.

        CTranslate2 has one length limit for all that it decodes together, and does not score the
        end of what the limit cuts; a sentence that comes to its limit is left to attncli's search.
        """
        if not encoded:
            return []
        rows = [one.ids for one in encoded]
        limits = self.search.limits(source_of(rows, torch.device("cpu")))
        own = limits.clamp(max=min(self.model.longest, POSITIONS)).tolist()
        found = self._searched([self.codec.src.pieces(row[:-1]) for row in rows], max(own))
        late = [
            place
            for place, hypotheses in enumerate(found)
            if any(one.cut or len(one.ids) > own[place] for one in hypotheses)
        ]
        again = super().decode([encoded[place] for place in late], look)
        for place, hypotheses in zip(late, again, strict=True):
            found[place] = hypotheses
        return [hypotheses[: self.search.n_best] for hypotheses in found]

    def _searched(self, sources: list[list[str]], limit: int) -> list[list[Found]]:
        """A beam of hypotheses for each sentence, best first, of up to `limit` pieces with EOS."""
        results = self.exported.translate_batch(
            sources,
            max_batch_size=self.sentences,
            beam_size=self.search.beam,
            num_hypotheses=self.search.beam,
            length_penalty=0,
            min_decoding_length=0,
            max_input_length=0,
            max_decoding_length=limit,
            return_scores=True,
            return_end_token=True,
        )
        found = []
        for one in results:
            written = zip(one.hypotheses, one.scores, strict=True)
            hypotheses = [self._found(*each) for each in written]
            found.append(sorted(hypotheses, key=lambda hypothesis: -hypothesis.score))
        return found

    def _found(self, pieces: list[str], log_prob: float) -> Found:
        ids = [self.ids[piece] for piece in pieces]
        score = log_prob / ((5 + len(ids)) / 6) ** self.search.length_penalty
        return Found(ids, score, log_prob, None, ids[-1:] != [EOS], {})
