"""States of prompts' beginnings, kept from one process to the next: reading one is many times faster than computing it.

What other prompts will begin with, too (`Options.front`), is computed by itself first, and the engine's state after exactly that is put
away. Its key is a digest of everything that it depends on: what the engine is (which model, adapter, library, kind of cache) and the
tokens. A state is given back to an engine only if it came whole, because llama.cpp reads it natively and does not expect harm; who can
write to the user's store on purpose is not kept out by that.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Protocol

from rpo_edge.runtimes.base import States
from rpo_edge.runtimes.decoding import Engine, common

LEAST = 32
"""Tokens that are still to be computed; fewer are not worth a state."""

_HEAD = struct.Struct("<8sQ32s")  # magic and form; bytes that follow; BLAKE2b over the key and them
_MAGIC = b"RPOKV\0\0\1"


class Saving(Engine, Protocol):
    """An engine whose state can leave it."""

    def state(self) -> bytes:
        """Of all that is known; b"" where the engine cannot tell it."""
        ...

    def restore(self, tokens: Sequence[int], state: bytes | memoryview) -> bool:
        """Know these tokens, in place of all else, by a state that was theirs.

        False where it is of another shape; nothing is known then.
        """
        ...


def begin(engine: Saving, prompt: Sequence[int], front: Sequence[int], states: States, about: Sequence[object]) -> None:
    """Have the engine know what of `front` the prompt begins with. about: what a state depends on besides its tokens; can be JSON."""
    wanted = list(prompt[: common(front, prompt[:-1])])
    known = common(engine.known, wanted)
    if len(wanted) - known < LEAST:
        return
    key = hashlib.blake2b(json.dumps([*about, wanted]).encode(), digest_size=16).hexdigest()
    found = unsealed(key, states.get(key) or b"")
    if found is not None and engine.restore(wanted, found):
        return
    known = common(engine.known, wanted)
    engine.truncate(known)
    engine.extend(wanted[known:], 1)
    if state := engine.state():
        states.put(key, sealed(key, state))


def sealed(key: str, state: bytes) -> bytes:
    """With a header that shows whether it came whole, and is the key's."""
    return _HEAD.pack(_MAGIC, len(state), _digest(key, state)) + state


def unsealed(key: str, data: bytes) -> memoryview | None:
    """The state; None unless it is what was sealed."""
    if len(data) <= _HEAD.size:
        return None
    magic, size, digest = _HEAD.unpack_from(data)
    state = memoryview(data)[_HEAD.size :]
    whole = magic == _MAGIC and size == len(state) and digest == _digest(key, state)
    return state if whole else None


def _digest(key: str, state: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(key.encode(), digest_size=32)
    digest.update(state)
    return digest.digest()
