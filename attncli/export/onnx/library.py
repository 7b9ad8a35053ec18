"""ONNX, its exporter and its runtime, which are installed by choice."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import ModuleType
from typing import cast

from attncli.errors import UsageError

MISSING = "ONNX is not installed (pip install 'attncli[export]')"


def runtime() -> ModuleType:
    """ONNX Runtime, which runs graphs.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise UsageError(MISSING) from None
    return cast(ModuleType, onnxruntime)


def check_exporter() -> None:
    """Looks for what torch writes ONNX with.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        raise UsageError(MISSING) from None


@contextmanager
def without_remarks() -> Iterator[None]:
    """Around work of these libraries, which print and warn of what no caller can change."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable()
        try:
            yield
        finally:
            logging.disable(before)
