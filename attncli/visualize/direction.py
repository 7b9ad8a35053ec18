"""In which direction a text is read."""

from __future__ import annotations

import unicodedata


def is_right_to_left(text: str) -> bool:
    """True where the first letter with a direction is read from right to left."""
    directions = (unicodedata.bidirectional(sign) for sign in text if sign.isalpha())
    return next((one for one in directions if one in ("L", "R", "AL")), "L") != "L"
