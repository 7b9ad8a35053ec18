"""Text of any origin made fit to be shown: what would steer a terminal or a page is spelt out."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
_TAGS = range(0xE0020, 0xE0080)


def printable(text: str) -> str:
    """`text` with control characters as visible signs; everything that prints stays as it is.

    C0 controls become their pictures (escape is ␛); other controls, separators of lines, lone
    surrogates and direction overrides become `\\u202e`. Joiners and emoji tags stay.
    """
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "␡"
    category = unicodedata.category(char)
    is_format = category == "Cf" and char not in _JOINERS and ord(char) not in _TAGS
    if is_format or category in ("Cc", "Cs", "Zl", "Zp"):
        return f"\\u{ord(char):04x}"
    return char
