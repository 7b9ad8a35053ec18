"""Operators that are traced as such, for ONNX has them where torch has none."""

from __future__ import annotations

import torch

OPERATORS = torch.library.Library("attncli", "FRAGMENT")  # type: ignore[no-untyped-call]
