"""Small parts that recipes of the tests are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from attncli.registry import Choice, Count, Positive, Probability

AttentionChoice = Annotated[Choice, "attention"]


class Data:
    def __init__(
        self,
        *,
        name: str = "embedded",
        src: str = "en",
        test: list[str] | None = None,
        max_length: Positive | None = 100,
    ) -> None:
        self.src, self.test = src, test


class Train:
    def __init__(
        self,
        *known: object,
        lr: float = 1e-3,
        steps: Positive = 100,
        amp: bool = False,
        smoothing: Probability = 0.1,
        stop: Literal["on", "off"] = "on",
        warm: Annotated[Choice | None, "attention"] = None,
    ) -> None:
        self.lr = lr


class Dot:
    name = "dot"

    def __init__(self, *, scale: bool = False) -> None: ...


class General:
    name = "general"

    def __init__(self, *, bias: bool = False) -> None: ...


class LocalP:
    name = "local-p"
    aliases = ("local",)

    def __init__(
        self,
        *,
        window: Positive = 10,
        score: AttentionChoice = Choice("attention", "general", {"bias": True}),
    ) -> None: ...


class Recurrent:
    name = "recurrent"

    def __init__(
        self,
        vocab: int,
        *,
        attention: AttentionChoice = Choice("attention", "general"),
        cell: str = "lstm",
        layers: Positive = 1,
    ) -> None:
        self.vocab, self.attention, self.layers = vocab, attention, layers


class Deep:
    name = "deep"

    def __init__(self, vocab: int, *, heads: Count = 4) -> None: ...


FAMILIES: dict[str, dict[str, type]] = {
    "attention": {
        "dot": Dot,
        "general": General,
        "local-p": LocalP,
        "local": LocalP,
    },
    "model": {"recurrent": Recurrent, "deep": Deep},
}
