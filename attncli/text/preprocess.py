"""What the literature does to text before cutting it: normalise, tokenise, lower-case (Moses).

Through sacremoses, which is only imported where one of the steps is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Step = Callable[[str], str]


class Preprocess:
    """Moses' steps on both sides; what the model writes is put together again.

    Options:
        normalize: normalise punctuation
        tokenize: separate words and punctuation, and join them again in translations
        lowercase: lower-case both sides
    """

    def __init__(
        self, *, normalize: bool = False, tokenize: bool = False, lowercase: bool = False
    ) -> None:
        self.normalize = normalize
        self.tokenize = tokenize
        self.lowercase = lowercase

    def steps(self, language: str) -> list[Step]:
        """What is done to a line of that language, in order."""
        steps: list[Step] = []
        if self.normalize:
            from sacremoses import MosesPunctNormalizer

            steps.append(MosesPunctNormalizer(language).normalize)
        if self.tokenize:
            from sacremoses import MosesTokenizer

            tokenizer = MosesTokenizer(language)
            steps.append(lambda line: str(tokenizer.tokenize(line, return_str=True, escape=False)))
        if self.lowercase:
            steps.append(str.lower)
        return steps

    def apply(self, lines: Sequence[str], language: str) -> list[str]:
        """The lines as the model reads them."""
        done = list(lines)
        for step in self.steps(language):
            done = [step(line) for line in done]
        return done

    def undo(self, line: str, language: str) -> str:
        """A translation as a person writes it; case that was taken away stays away."""
        if not self.tokenize:
            return line
        from sacremoses import MosesDetokenizer

        return str(MosesDetokenizer(language).detokenize(line.split(), unescape=False))
