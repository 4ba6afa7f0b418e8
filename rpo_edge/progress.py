"""A bar on standard error while something long goes on, where that is a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal


def shown() -> bool:
    """Whether there is a terminal to show it."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def bar(what: str, total: int | None, of: Literal["bytes", "texts"] = "bytes") -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how much was done since it was last told. total: None where that is not known."""
    if not shown():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    amount = DownloadColumn() if of == "bytes" else MofNCompleteColumn()
    known = (TimeElapsedColumn(),) if total is None else (amount, TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), *known)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)
