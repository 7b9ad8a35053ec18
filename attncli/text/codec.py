"""What a model carries to read and write text: preprocessing and pieces of both sides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from attncli.errors import RunError
from attncli.text.piece_model import EOS, UNK, PieceModel
from attncli.text.preprocess import Preprocess


class Codec:
    """Text of both languages to ids and back."""

    def __init__(
        self,
        src: PieceModel,
        tgt: PieceModel,
        preprocess: Preprocess,
        languages: tuple[str, str],
    ) -> None:
        self.src, self.tgt = src, tgt
        self.preprocess = preprocess
        self.languages = languages

    def encode_source(self, lines: Sequence[str]) -> list[list[int]]:
        """Ids of source lines, EOS at the end; an unknown piece has a number of its own."""
        clean = self.preprocess.apply(lines, self.languages[0])
        return [
            [*_numbered(self.src, line, ids, _numbers(self.src, line, ids)), EOS]
            for line, ids in zip(clean, self.src.encode(clean), strict=True)
        ]

    def encode_pairs(
        self, pairs: Sequence[tuple[str, str]]
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Ids of source and target lines, EOS at the end.

        The k-th unknown piece of a source is vocab + k, there and in its target (`marks`).
        """
        sides = [
            self.preprocess.apply([pair[side] for pair in pairs], self.languages[side])
            for side in (0, 1)
        ]
        rows: tuple[list[list[int]], list[list[int]]] = ([], [])
        encoded = zip(self.src.encode(sides[0]), self.tgt.encode(sides[1]), strict=True)
        for src_line, tgt_line, (src, tgt) in zip(*sides, encoded, strict=True):
            among = _numbers(self.src, src_line, src)
            rows[0].append([*_numbered(self.src, src_line, src, among), EOS])
            rows[1].append([*_numbered(self.tgt, tgt_line, tgt, among), EOS])
        return rows

    def encode_target(self, lines: Sequence[str]) -> list[list[int]]:
        """Ids of target lines, EOS at the end."""
        clean = self.preprocess.apply(lines, self.languages[1])
        return [[*ids, EOS] for ids in self.tgt.encode(clean)]

    def decode_target(self, ids: Sequence[int], source: str = "") -> str:
        """The text of a translation; words copied from the line `source` stand as they do there."""
        text = self.tgt.decode(ids, self._unknown(ids, 1, source))
        return self.preprocess.undo(text, self.languages[1])

    def pieces(self, ids: Sequence[int], side: int, source: str) -> list[str]:
        """The pieces of one side, the unknown ones as they stand in the line `source`."""
        return (self.src, self.tgt)[side].pieces(ids, self._unknown(ids, side, source))

    def _unknown(self, ids: Sequence[int], side: int, source: str) -> list[str]:
        """The unknown pieces of a source line by their numbers, where the `ids` ask for them."""
        if max(ids, default=0) < (self.src, self.tgt)[side].size:
            return []
        (clean,) = self.preprocess.apply([source], self.languages[0])
        return list(_numbers(self.src, clean, self.src.encode([clean])[0]))

    def join(self, pieces: Sequence[str]) -> str:
        """The text of target pieces, some of which may be words from elsewhere."""
        return self.preprocess.undo(self.tgt.join(pieces), self.languages[1])

    def owners(self, line: str, side: int) -> list[int] | None:
        """For each word that the model reads, the number of the word in `line` that it is of.

        None where preprocessing a line by its words gives something else than as a whole, or
        leaves nothing of a word.
        """
        whole = self.preprocess.apply([line], self.languages[side])[0].split()
        words = line.split()
        parts = [part.split() for part in self.preprocess.apply(words, self.languages[side])]
        if all(parts) and [word for part in parts for word in part] == whole:
            return [number for number, part in enumerate(parts) for _ in part]
        return list(range(len(words))) if len(whole) == len(words) else None

    def words(self, line: str, ids: Sequence[int], side: int) -> list[int]:
        """For each piece the number of its word in `line`, as the user wrote it; -1 for EOS.

        Where preprocessing cut words in a way that cannot be followed, it is the number of the
        word that the model read.
        """
        followed = self._followed(line, ids, side)
        return (self.src, self.tgt)[side].words(ids) if followed is None else followed

    def follows(self, line: str, ids: Sequence[int], side: int) -> bool:
        """Whether `words` numbers the words in `line`, and not only those that the model read."""
        return self._followed(line, ids, side) is not None

    def _followed(self, line: str, ids: Sequence[int], side: int) -> list[int] | None:
        read = (self.src, self.tgt)[side].words(ids)
        owners = self.owners(line, side)
        if owners is None or max(read, default=-1) >= len(owners):
            return None
        return [owners[word] if word >= 0 else word for word in read]

    def digest(self) -> str:
        """A hash of all that decides how text becomes ids."""
        parts = hashlib.sha256(self.src.proto + self.tgt.proto)
        parts.update(json.dumps(self._facts(), sort_keys=True).encode())
        return parts.hexdigest()[:16]

    def _facts(self) -> dict[str, object]:
        return {"languages": self.languages, "preprocess": vars(self.preprocess)}

    def save(self, folder: Path) -> None:
        """Writes the models and facts; one model where both sides share it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "src.model").write_bytes(self.src.proto)
        if self.tgt is not self.src:
            (folder / "tgt.model").write_bytes(self.tgt.proto)
        (folder / "codec.json").write_text(json.dumps(self._facts(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Codec:
        """What `save` wrote.

        Raises:
            RunError: it is not there, or is damaged.
        """
        if not (folder / "codec.json").is_file():
            raise RunError(
                f"{folder}: no codec: removed, or the run was cut off before its text was ready"
            )
        facts = json.loads((folder / "codec.json").read_text(encoding="utf-8"))
        own = folder / "tgt.model"
        try:
            src = PieceModel((folder / "src.model").read_bytes())
            tgt = PieceModel(own.read_bytes()) if own.is_file() else src
        except (OSError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise RunError(f"{folder}: the codec is damaged ({reason})") from None
        languages = (facts["languages"][0], facts["languages"][1])
        return cls(src, tgt, Preprocess(**facts["preprocess"]), languages)


def _numbers(model: PieceModel, line: str, ids: Sequence[int]) -> dict[str, int]:
    """The number of each unknown piece of a line, from 0."""
    if UNK not in ids:
        return {}
    return {piece: number for number, piece in enumerate(dict.fromkeys(model.unknown(line, ids)))}


def _numbered(model: PieceModel, line: str, ids: Sequence[int], among: dict[str, int]) -> list[int]:
    """The ids, each unknown piece that is `among` the numbered ones beyond the vocabulary."""
    if not among or UNK not in ids:
        return list(ids)
    unknown = iter(model.unknown(line, ids))
    numbers = [among.get(next(unknown)) if token == UNK else None for token in ids]
    return [
        token if number is None else model.size + number
        for token, number in zip(ids, numbers, strict=True)
    ]
