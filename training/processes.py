"""Work on all processors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any


def pool(start: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """As many processes as there are processors; each begins afresh and calls `start(*arguments)`.

    None is forked: a child of a process in which onnxruntime or torch has run threads may wait for one of them for ever.
    """
    return ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=start, initargs=arguments)
