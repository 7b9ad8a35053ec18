"""The forms that there are, by name."""

from __future__ import annotations

from attncli.export.ctranslate2.form import CTranslate2
from attncli.export.form import Form
from attncli.export.onnx.form import Onnx

FORMS: dict[str, Form] = {form.name: form for form in (CTranslate2(), Onnx())}
