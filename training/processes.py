"""Work on all processors."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any


def pool(start: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """As many processes as there are processors; each begins afresh and calls `start(*arguments)`.

    None is forked: a child of a process in which onnxruntime or torch has run threads may wait for one of them for ever.
    """
    return ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=start, initargs=arguments)


def alone(what: str) -> None:
    """Raises RuntimeError where a launcher (`accelerate launch`, torchrun) started several of this process.

    Each would do all of the work over again, and write the same files as the others.
    """
    if (n := int(os.environ.get("WORLD_SIZE", "1"))) > 1:
        raise RuntimeError(f"{what} runs in one process, not in {n}: the model is small; start it without a launcher")
