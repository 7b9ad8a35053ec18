"""One self-contained HTML page of parts: no network, no markup from words, a strict policy.

The drawing is some hundred lines of our own script rather than an embedded charting library: the
running text and the map answer each other, and a library of that size brings more than a megabyte
into every page and builds functions from text, which the policy forbids.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from attncli import __version__
from attncli.errors import UsageError
from attncli.look import Look
from attncli.visualize.page_data import attention_data
from attncli.visualize.printable import printable

SCRIPTS = (
    "elements.js",
    "heatmap.js",
    "heads.js",
    "attention.js",
    "table.js",
    "figures.js",
    "systems.js",
    "start.js",
)


class Part(NamedTuple):
    """One section: `kind` names the script's part that draws `data` (anything JSON can hold)."""

    kind: str
    title: str
    data: object

    @property
    def json(self) -> str:
        """The data as JSON in which no character can end a script or begin markup."""
        text = json.dumps(self.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for sign in "<>&\u2028\u2029":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return text


def document(title: str, lead: str, parts: Sequence[Part]) -> str:
    """The page as text: a title, a line under it, and its parts in order."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    style = _file("page.css")
    script = "\n".join(_file(name) for name in SCRIPTS)
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        _file("page.html")
    )
    return template.render(
        title=printable(title),
        lead=printable(lead),
        version=__version__,
        style=Markup(style),
        style_hash=Markup(_hash(style)),
        script=Markup(script),
        script_hash=Markup(_hash(script)),
        parts=[
            {"kind": part.kind, "title": printable(part.title), "json": Markup(part.json)}
            for part in parts
        ],
    )


def save(looks: Sequence[Sequence[Look]], path: Path) -> None:
    """Writes a page with all that was looked at.

    Raises:
        UsageError: nothing was.
    """
    found = [translations for translations in looks if translations]
    if not found:
        raise UsageError(f"{path}: no attention to draw")
    first = found[0][0]
    title = first.source if len(found) == 1 else f"{len(found)} sentences"
    part = Part("attention", "", attention_data(found))
    path.write_text(document(title, first.cross.title, [part]), encoding="utf-8")


@cache
def _file(name: str) -> str:
    return (files("attncli.visualize") / "web" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
