"""A mode, as torch.no_grad is one: attentions that draw a position read the mean of all instead.

Deng et al. 2018 (arXiv 1807.03756), section 4.1, judges a draw by what soft attention would have
given; this is how the same model gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EXPECTING = ContextVar("expecting", default=False)


@contextmanager
def expectation() -> Iterator[None]:
    """While it lasts nothing is drawn; what draws nothing anyway does not notice."""
    token = _EXPECTING.set(True)
    try:
        yield
    finally:
        _EXPECTING.reset(token)


def expecting() -> bool:
    """Whether the mean of all positions is to be read."""
    return _EXPECTING.get()
