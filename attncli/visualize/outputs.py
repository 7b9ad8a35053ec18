"""What was looked at, written to a file in the format that its name ends in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attncli import attention_file
from attncli.attention_map import AttentionMap
from attncli.look import Look
from attncli.visualize import endings, page, pictures

PAGE = ".html"
ENDINGS = (PAGE, *pictures.FORMATS, *attention_file.ENDINGS)


def check(path: Path) -> None:
    """Refuses a file that could not be written, before anything is computed.

    Raises:
        UsageError: another ending, or no such folder.
    """
    endings.check(path, ENDINGS)


def write(looks: Sequence[Sequence[Look]], shown: Sequence[AttentionMap], path: Path) -> None:
    """Writes `looks` whole as a page or as data, and as a picture the maps that are `shown`.

    Raises:
        UsageError: as `check`; nothing to draw; no drawing library.
    """
    check(path)
    ending = path.suffix.lower()
    if ending in attention_file.ENDINGS:
        attention_file.save(looks, path)
    elif ending == PAGE:
        page.save(looks, path)
    else:
        pictures.save(shown, path)
