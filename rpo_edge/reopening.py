"""The history as it lies there now, for servers: opened when first asked for, and anew where another file has taken its place.

That is so after `history import` made the first one, or where a backup was put in its place. (What somebody else adds to the same file is
read with the next draft; and a file that is open is not encrypted, which `history encrypt` says.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakSet

from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.history import History
from rpo_edge.pipeline import Personalizer, Windows
from rpo_edge.records import Rewrite
from rpo_edge.store.part import Part
from rpo_edge.streaming import Stream

_File = tuple[int, int]  # device and number


class _Use:
    """Somebody who is at work with what is open."""


@dataclass
class _Opened:
    """users: what is under way with it. Nothing else holds them, so that a stream which is given up does not count."""

    history: History
    file: _File | None
    personalizer: Personalizer | None = None
    users: WeakSet[_Use | Stream] = field(default_factory=WeakSet)

    def close(self) -> None:
        if self.personalizer is not None:
            self.personalizer.close()
        self.history.close()


class Store:
    """The history and what rewrites for it. Several threads may use it.

    A rewrite or stream that is under way goes on with the history that it began with; a later call closes that one.
    path: where it is; opened: opens it. like: the source or kind of the texts to go by; None: all. told: hears, once, why a draft that
    somebody waits for could not be rewritten.
    """

    def __init__(
        self,
        path: Path,
        opened: Callable[[], History],
        reflector: str,
        like: str | None = None,
        told: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._path, self._open, self._reflector, self._like, self._told = path, opened, reflector, like, told
        self._said = ""
        self._lock = threading.RLock()  # also while it is opened, which is done once
        self._now: _Opened | None = None
        self._left: list[_Opened] = []  # not closed yet

    def history(self) -> History:
        """Raises StoreError where it does not open."""
        with self._lock:
            return self._opened().history

    def manner(self) -> History | Part:
        """The texts to go by. Raises StoreError, or InputError where there are none."""
        return self._manner(self.history())

    def personalizer(self) -> Personalizer:
        """Raises StoreError, InputError where there are no texts to go by, or ModelError for what the reflector needs."""
        with self._lock:
            return self._personalizer(self._opened())

    def rewrite(self, draft: str, query: str | None = None, *, windows: Windows = "paragraphs") -> Rewrite:
        """As `Personalizer.rewrite`. Raises what `personalizer` does, too."""
        use = _Use()
        with self._lock:
            personalizer, users = self._ready()
            users.add(use)
        return personalizer.rewrite(draft, query, windows=windows)

    def streaming(self, query: str | None = None) -> Stream:
        """As `Personalizer.streaming`. Raises what `personalizer` does."""
        with self._lock:
            personalizer, users = self._ready()
            stream = personalizer.streaming(query)
            users.add(stream)
            return stream

    def close(self) -> None:
        """Twice is fine."""
        with self._lock:
            self._leave()
            for opened in self._left:
                opened.close()
            self._left = []

    def _ready(self) -> tuple[Personalizer, WeakSet[_Use | Stream]]:
        try:
            opened = self._opened()
            return self._personalizer(opened), opened.users
        except RpoEdgeError as error:
            if str(error) != self._said:
                self._said = str(error)
                self._told(self._said)
            raise

    def _opened(self) -> _Opened:
        file = self._there()  # before it is opened: what comes in between is opened with the next call
        if self._now is not None and self._now.file != file:
            self._leave()
        for opened in [opened for opened in self._left if not opened.users]:
            self._left.remove(opened)
            opened.close()
        if self._now is None:
            self._now = _Opened(self._open(), file)
        return self._now

    def _leave(self) -> None:
        if self._now is not None:
            self._left.append(self._now)
            self._now = None

    def _manner(self, history: History) -> History | Part:
        try:
            return history if self._like is None else history.part(self._like)
        except InputError:  # it names the sources that there are, which is the user's to know
            raise InputError(f"the history has no texts of a source or kind {self._like!r}") from None

    def _personalizer(self, opened: _Opened) -> Personalizer:
        if opened.personalizer is None:
            opened.personalizer = Personalizer(self._manner(opened.history), self._reflector)
        return opened.personalizer

    def _there(self) -> _File | None:
        """None also where the file is empty still: whoever makes it has not put a history in."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if status.st_size else None
