"""In which direction a text is read."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile(r"</?(?:s|unk|pad)>")


def is_right_to_left(text: str) -> bool:
    """True where the first letter with a direction is read from right to left.

    Marks such as `<s>` have none.
    """
    plain = _MARKS.sub("", text)
    directions = (unicodedata.bidirectional(sign) for sign in plain if sign.isalpha())
    return next((one for one in directions if one in ("L", "R", "AL")), "L") != "L"
