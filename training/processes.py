"""Work on all processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

_T, _R = TypeVar("_T"), TypeVar("_R")


def pool(start: Callable[..., None] | None = None, *arguments: Any) -> ProcessPoolExecutor:
    """As many processes as there are processors; each begins afresh and calls `start(*arguments)`.

    None is forked: a child of a process in which onnxruntime or torch has run threads may wait for one of them for ever.
    """
    return ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=start, initargs=arguments)


def over(pool: ProcessPoolExecutor, work: Callable[[_T], _R], items: Iterable[_T], chunk: int = 100) -> Iterator[_R]:
    """`work` of each item, in order, as `pool.map` does it; but that takes all of the items at once, and these may be more than memory holds.

    Some 32 chunks a processor are underway at most.
    """
    rest = iter(items)
    size = 16 * chunk * (os.cpu_count() or 1)
    waiting = pool.map(work, list(islice(rest, size)), chunksize=chunk)
    while following := list(islice(rest, size)):
        before, waiting = waiting, pool.map(work, following, chunksize=chunk)
        yield from before
    yield from waiting


def alone(what: str) -> None:
    """Raises RuntimeError where a launcher (`accelerate launch`, torchrun) started several of this process.

    Each would do all of the work over again, and write the same files as the others.
    """
    if (n := int(os.environ.get("WORLD_SIZE", "1"))) > 1:
        raise RuntimeError(f"{what} runs in one process, not in {n}: the model is small; start it without a launcher")
