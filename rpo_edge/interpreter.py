"""The Python that this process runs in, for those who start another like it."""

from __future__ import annotations

import sys


def python() -> str | None:
    """Its path. None in a frozen application, where `sys.executable` is the application and would start once more, and where it is not known."""
    return None if getattr(sys, "frozen", False) else sys.executable or None
