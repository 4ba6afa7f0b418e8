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
    """threads: how many; patience: seconds after which work that has not begun is late; of_wholes: the same for `whole` answers.

    `whole` answers, which may take seconds, have as many threads of their own: no sentence of a stream waits until one is done.
    """

    def __init__(self, threads: int, patience: float, of_wholes: float) -> None:
        self._limiters = {whole: CapacityLimiter(threads) for whole in (False, True)}
        self._patience = {False: patience, True: of_wholes}

    async def run(self, work: Callable[[bool], T], whole: bool = False) -> T:
        """What `work(late)` returns."""
        asked = time.monotonic()
        return await to_thread.run_sync(lambda: work(time.monotonic() - asked > self._patience[whole]), limiter=self._limiters[whole])
