"""CTranslate2's form, for Transformers."""

from __future__ import annotations

from pathlib import Path

from attncli.experiment import Loaded
from attncli.export.ctranslate2.convert import (
    compare,
    library,
    require_transformer,
    save,
    specification,
)
from attncli.export.ctranslate2.engine import CTranslate2Translator
from attncli.export.form import FLOAT, Form
from attncli.search import Search
from attncli.translate import Translator


class CTranslate2(Form):
    """A folder that CTranslate2 loads in any program."""

    name = "ctranslate2"
    quantizations = (FLOAT, "int8", "int16", "bfloat16", "float16")

    def fill(self, loaded: Loaded, folder: Path, quantization: str) -> None:
        ctranslate2 = library()
        save(specification(loaded), folder, FLOAT)
        compare(loaded, ctranslate2.Translator(str(folder), compute_type=FLOAT))
        if quantization != FLOAT:
            save(specification(loaded), folder, quantization)

    def check(self, loaded: Loaded) -> None:
        require_transformer(loaded)

    def open(
        self, loaded: Loaded, search: Search, folder: Path, sentences: int, seed: int
    ) -> Translator:
        return CTranslate2Translator(loaded, search, folder, sentences)
