"""Attention maps as picture files: one panel a map, or one a head where a map has several.

Drawn by Altair and written by vl-convert, both inside the process: no browser, no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError
from attncli.visualize import endings

if TYPE_CHECKING:
    import altair as alt

FORMATS = (".png", ".svg", ".pdf")
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".fonts",
    Path.home() / ".local/share/fonts",
)


def save(maps: Sequence[AttentionMap], path: Path, *, fonts: Iterable[Path] = FONT_FOLDERS) -> None:
    """Writes the picture of `maps` in the format that the file name ends in: .png, .svg or .pdf.

    Signs of any script show if a font of the system or of the folders `fonts` has them.

    Raises:
        UsageError: another ending, no such folder, nothing to draw, or no drawing library.
    """
    endings.check(path, FORMATS)
    try:
        from attncli.visualize.chart import chart
    except ImportError as error:
        raise _missing(error) from error
    path.write_bytes(written(chart(maps), path.suffix.lower(), fonts=fonts))


def written(
    drawn: alt.TopLevelMixin, ending: str, *, fonts: Iterable[Path] = FONT_FOLDERS
) -> bytes:
    """An Altair chart in one of FORMATS.

    Raises:
        UsageError: no drawing library.
    """
    try:
        import vl_convert
    except ImportError as error:
        raise _missing(error) from error
    for folder in fonts:
        if folder.is_dir():
            vl_convert.register_font_directory(str(folder.resolve()))
    specification = drawn.to_dict()
    if ending == ".png":
        return bytes(vl_convert.vegalite_to_png(specification, scale=2))
    if ending == ".svg":
        return str(vl_convert.vegalite_to_svg(specification)).encode()
    return bytes(vl_convert.vegalite_to_pdf(specification))


def _missing(error: ImportError) -> UsageError:
    needed = "pip install altair vl-convert-python"
    return UsageError(f"pictures need two libraries more ({error}): {needed}")
