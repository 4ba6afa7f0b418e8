"""Work that takes the processor, away from the event loop, on a few threads.

What waits is bounded by time, not by number: work that began late is told so and then does the cheap thing, so a queue runs empty as
fast as it is read, and nobody waits for sentences that could not be rewritten in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class Workers:
    """threads: how many; patience: seconds after which work that has not begun is late.

    `whole` answers, which may take seconds, have as many threads of their own: no sentence of a stream waits until one is done.
    """

    def __init__(self, threads: int, patience: float) -> None:
        self._limiter, self._of_wholes, self._patience = CapacityLimiter(threads), CapacityLimiter(threads), patience

    async def run(self, work: Callable[[bool], T], whole: bool = False) -> T:
        """What `work(late)` returns."""
        asked = time.monotonic()
        limiter = self._of_wholes if whole else self._limiter
        return await to_thread.run_sync(lambda: work(time.monotonic() - asked > self._patience), limiter=limiter)
