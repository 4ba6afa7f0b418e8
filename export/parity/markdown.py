"""How the page writes figures, tables and texts that are not its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from export.parity.suites import is_interval

_SPECIAL = re.compile(r"[\\`*_\[\]|~$]")
_BREAKS = re.compile(r"[\n\r]+")


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Of cells that are written already."""
    return "\n".join([_line(head), "|" + "---|" * len(head), *map(_line, rows)]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def told(value: Any) -> str:
    """Of a manifest: a mapping in a line, an interval with its ends, floats with three digits."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {told(part)}" for name, part in value.items())
    if is_interval(value):
        return interval(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(told, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def interval(value: Sequence[float]) -> str:
    """ "0.346 (0.296 to 0.385)"."""
    mean, low, high = value
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def foreign(text: str) -> str:
    """A text of somebody's: in one line, and no part of it is Markdown, HTML or one of the page's marks."""
    return _BREAKS.sub(lambda found: f" {'⏎' * len(found[0])} ", _SPECIAL.sub(r"\\\g<0>", escape(text, quote=False)))
