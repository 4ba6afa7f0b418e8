"""A tokenizer.json: text to tokens by the package tokenizers, tokens to bytes by itself. The one door to it.

The package's own DecodeStream raises where bytes in a row are no UTF-8, which a model may well write; bytes can be joined whatever they
are.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from rpo_edge.errors import ModelError, OptionalDependencyError

_BYTE = re.compile("<0x([0-9A-Fa-f]{2})>")


class Tokenizer:
    """Byte-level BPE, or SentencePiece's with "▁" for spaces and <0x0A> for bytes."""

    def __init__(self, library: Any, text: str) -> None:
        facts = json.loads(text)
        self._library = library.Tokenizer.from_str(text)
        self._library.no_truncation()
        self._library.no_padding()
        self._added: dict[int, str] = {token["id"]: token["content"] for token in facts["added_tokens"]}
        self._by_bytes = '"ByteLevel"' in json.dumps(facts["decoder"])

    @classmethod
    def open(cls, path: Path) -> Tokenizer:
        """Raises OptionalDependencyError without tokenizers, ModelError for a file that it cannot load."""
        try:
            library = import_module("tokenizers")
        except ImportError as error:
            raise OptionalDependencyError("tokenizers", "onnx") from error
        try:
            return cls(library, path.read_text("utf-8"))
        except Exception as error:  # tokenizers has no error of its own
            raise ModelError(f"{path} cannot be loaded: {error}") from error

    def tokens(self, text: str) -> list[int]:
        """Nothing is put before or after; special tokens in the text are one each."""
        whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
        return list(self._library.encode(whole, add_special_tokens=False).ids)

    def bytes_of(self, token: int) -> bytes:
        """What one token adds to a text; nothing for a number that has no token."""
        if token in self._added:
            return self._added[token].encode()
        written = self._library.id_to_token(token) or ""
        if self._by_bytes:
            return b"".join(_alphabet().get(character, character.encode()) for character in written)
        if byte := _BYTE.fullmatch(written):
            return bytes.fromhex(byte[1])
        return written.replace("▁", " ").encode()


@cache
def _alphabet() -> dict[str, bytes]:
    """Byte-level BPE's letters: bytes that print as Latin-1 stand for themselves,
    the others are those from U+0100 on (GPT-2, encoder.py).
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): bytes([byte]) for byte in plain} | {chr(256 + n): bytes([byte]) for n, byte in enumerate(others)}
