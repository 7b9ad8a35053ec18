"""Attention maps as picture files: one panel a map, or one a head where a map has several.

Drawn by Altair and written by vl-convert, both inside the process: no browser, no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from attncli.attention_map import AttentionMap
from attncli.errors import UsageError, suggestion

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
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise UsageError(
            f"{path}: no picture format '{ending}'{suggestion(ending, FORMATS)} "
            f"(there is {', '.join(FORMATS)})"
        )
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
    try:
        import vl_convert

        from attncli.visualize.chart import chart
    except ImportError as error:
        needed = "pip install altair vl-convert-python"
        raise UsageError(f"pictures need two libraries more ({error}): {needed}") from error
    for folder in fonts:
        if folder.is_dir():
            vl_convert.register_font_directory(str(folder.resolve()))
    specification = chart(maps).to_dict()
    if ending == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(specification, scale=2))
    elif ending == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(specification), encoding="utf-8")
    else:
        path.write_bytes(vl_convert.vegalite_to_pdf(specification))
