"""The header of a GGUF file, read with bounds: what a file says of itself, and whether its tensors lie inside it.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, little-endian, versions 2 and 3. A file may be anybody's, and may be made
to hang or to blow up whoever reads it: `inspection.py` runs `main` in a process of its own, with limits. So this file imports little. Every
length is held against what is left of the file before a byte is read; strings that nobody asks for are passed over.
"""

from __future__ import annotations

import json
import math
import re
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from rpo_edge.runtimes.template import frame

SECONDS = 10
"""Time that a header may take, and the processor's time."""

MEMORY = 512 * 2**20
"""Bytes of address space that reading one may take."""

ITEMS = "rpo_edge.items"
"""Of a LoRA adapter: the history items that it was trained to read."""

_VERSIONS = (2, 3)
_KEYS = 1 << 16  # of metadata, and of tensors: real files have a few dozen, and a few thousand
_LONGEST = 1 << 20  # bytes of a string that is kept; templates have some thousands
_TOKEN = 256  # bytes of a control token that is kept
_CONTROL_TOKENS = 1 << 14
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_UNKNOWN, _CONTROL = 2, 3  # kinds of tokens that text must not be able to write
_DIMENSIONS = 4
_MOST = 1 << 60  # elements of a tensor
_TOKENS, _KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"

# Number of a tensor's type -> name, elements of a block, bytes of a block (ggml.h, ggml-common.h).
_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
}  # fmt: skip


class Refused(Exception):
    """The file is not a whole GGUF file of a language model; the message ends the sentence "FILE …"."""


@dataclass(slots=True)
class Header:
    """Metadata (scalars and strings by their keys), tokens with their kinds, and elements of tensors by type."""

    metadata: dict[str, Any] = field(default_factory=dict)
    tokens: list[bytes] = field(default_factory=list)
    kinds: tuple[int, ...] = ()
    elements: dict[str, int] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """A string of the metadata, "" where there is none."""
        found = self.metadata.get(key, "")
        return found if isinstance(found, str) else ""

    def token(self, key: str) -> str:
        """The text of the token whose number the metadata give under this key, "" where there is none."""
        number = self.metadata.get(key)
        known = isinstance(number, int) and 0 <= number < len(self.tokens)
        return _decoded(self.tokens[number]) if known else ""  # type: ignore[index]

    @property
    def control(self) -> list[str]:
        """Tokens that text must not be able to write; some files forget to say so of "<|…|>"."""
        kinds = self.kinds or (0,) * len(self.tokens)
        found = (t for t, kind in zip(self.tokens, kinds, strict=False) if kind in (_UNKNOWN, _CONTROL) or re.fullmatch(rb"<\|.*\|>", t))
        return [_decoded(token) for token in found if 1 < len(token) <= _TOKEN][:_CONTROL_TOKENS]


class _Reader:
    """A cursor that never reads past the end."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self.size, self.at = file, size, 0

    def take(self, count: int) -> bytes:
        if count > self.size - self.at:
            raise Refused("is cut off, or damaged")
        self.at += count
        data = self._file.read(count)
        if len(data) != count:
            raise Refused("is cut off, or damaged")
        return data

    def skip(self, count: int) -> None:
        if count > self.size - self.at:
            raise Refused("is cut off, or damaged")
        self.at += count
        self._file.seek(count, 1)

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def count(self, most: int, what: str) -> int:
        found = int(self.number("Q"))
        if found > most:
            raise Refused(f"says that it has {found} {what}")
        return found

    def string(self) -> bytes:
        return self.take(self.count(_LONGEST, "bytes in one string"))

    def pass_string(self) -> None:
        self.skip(int(self.number("Q")))


def read(path: Path) -> Header:
    """Raises Refused."""
    with path.open("rb", buffering=1 << 20) as file:
        reader = _Reader(file, path.stat().st_size)
        if reader.size < 4 or reader.take(4) != b"GGUF":
            raise Refused("is not a GGUF file")
        version = reader.number("I")
        if version not in _VERSIONS:
            raise Refused(f"is a GGUF file of version {version}, and not 2 or 3")
        tensors, keys = reader.count(_KEYS, "tensors"), reader.count(_KEYS, "keys")
        header = Header()
        for _ in range(keys):
            _read_key(reader, header)
        _read_tensors(reader, header, tensors)
    return header


def _read_key(reader: _Reader, header: Header) -> None:
    key = _decoded(reader.string())
    if key in header.metadata:
        raise Refused(f"has the key {key[:80]!r} twice")
    kind = reader.number("I")
    if kind == _STRING:
        header.metadata[key] = _decoded(reader.string())
    elif kind == _ARRAY:
        header.metadata[key] = None
        _read_array(reader, header, key)
    elif kind in _SCALARS:
        header.metadata[key] = reader.number(_SCALARS[kind])
    else:
        raise Refused(f"has a value of unknown kind {kind}")


def _read_array(reader: _Reader, header: Header, key: str) -> None:
    kind = reader.number("I")
    count = reader.count(reader.size - reader.at, "elements in one array")  # none takes less than a byte
    if key == _TOKENS and kind == _STRING:
        header.tokens = [reader.string() for _ in range(count)]
    elif kind == _STRING:
        for _ in range(count):
            reader.pass_string()
    elif kind not in _SCALARS:
        raise Refused(f"has an array of unknown kind {kind}")
    elif key == _KINDS and kind in (4, 5):
        header.kinds = struct.unpack(f"<{count}i", reader.take(4 * count))
    else:
        reader.skip(struct.calcsize("<" + _SCALARS[kind]) * count)


def _read_tensors(reader: _Reader, header: Header, count: int) -> None:
    """Tensors follow each other without gaps but for the alignment, as llama.cpp wants them; the last ends inside the file."""
    alignment = header.metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 8 <= alignment <= 1 << 16 or alignment & (alignment - 1):
        raise Refused(f"has an alignment of {alignment!r} bytes")
    if not count:
        raise Refused("has no tensors")
    names, expected, end = set(), 0, 0
    for _ in range(count):
        name = reader.string()
        size = _read_shape(reader, header)
        offset = reader.number("Q")
        if name in names or offset != expected:
            raise Refused("has tensors that overlap, or lie elsewhere than they should")
        names.add(name)
        end = offset + size
        expected = _aligned(end, alignment)
    if _aligned(reader.at, alignment) + end > reader.size:
        raise Refused("is cut off: tensors lie past its end")


def _read_shape(reader: _Reader, header: Header) -> int:
    """Bytes of a tensor, the elements of which are counted."""
    dimensions = reader.number("I")
    if not 1 <= dimensions <= _DIMENSIONS:
        raise Refused(f"has a tensor of {dimensions} dimensions")
    shape = [int(reader.number("Q")) for _ in range(dimensions)]
    kind = reader.number("I")
    if kind not in _TYPES:
        raise Refused(f"has a tensor of type {kind}, which this version does not know")
    name, block, size = _TYPES[kind]
    elements = math.prod(shape)
    if not 0 < elements < _MOST or shape[0] % block:
        raise Refused("has a tensor of a shape that cannot be")
    header.elements[name] = header.elements.get(name, 0) + elements
    return elements // block * size


def _aligned(at: int, alignment: int) -> int:
    return -(-at // alignment) * alignment


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def shown(text: str) -> str:
    """One line for a terminal: nothing that could steer it."""
    return "".join(character if character.isprintable() else " " for character in text[:200]).strip()


def facts(header: Header) -> dict[str, Any]:
    """What `inspection.Inspected` holds, or of a LoRA adapter the architecture of its model and what it says of history items.

    Raises Refused for anything else.
    """
    architecture, whole = shown(header.text("general.architecture")), header.text("general.type") in ("", "model")
    if architecture and header.text("adapter.type") == "lora" and header.text("general.type") == "adapter":
        items = header.metadata.get(ITEMS)
        return {"adapter": architecture, "items": items if isinstance(items, int) else None}
    if not architecture or not whole or not header.tokens:
        raise Refused("holds no language model (but a projector, or something else)")
    parts = header.metadata.get("split.count", 0)
    if isinstance(parts, int) and parts > 1:
        raise Refused(f"is one of {parts} parts; join them first (llama-gguf-split --merge)")
    context = header.metadata.get(f"{architecture}.context_length", 0)
    template, begin = header.text("tokenizer.chat_template"), header.token("tokenizer.ggml.bos_token_id")
    begins = bool(header.metadata.get("tokenizer.ggml.add_bos_token", header.text("tokenizer.ggml.model") == "llama"))
    return {
        "architecture": architecture,
        "name": shown(header.text("general.name")),
        "licence": shown(header.text("general.license")),
        "quantization": max(header.elements, key=lambda name: header.elements[name]).lower(),
        "context": context if isinstance(context, int) and context > 0 else 0,
        "control": header.control,
        "template": bool(template.strip()),
        "frame": frame(template, begin, header.token("tokenizer.ggml.eos_token_id"), begins) if template.strip() else None,
    }


def limit() -> None:
    """What this process may take from now on, where the system can limit it."""
    try:
        import resource
    except ImportError:  # Windows: the one who started us has a clock
        return
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        with suppress(ValueError, OSError):  # a system that does not know a limit, or has a lower one
            resource.setrlimit(what, (most, most))


def main() -> None:
    """Print the facts of the file that the last argument names, as JSON: {"facts": …} or {"refused": reason}."""
    limit()
    try:
        said: dict[str, Any] = {"facts": facts(read(Path(sys.argv[-1])))}
    except Refused as error:
        said = {"refused": str(error)}
    except OSError as error:
        said = {"refused": f"cannot be read: {(error.strerror or str(error)).lower()}"}
    except (MemoryError, RecursionError):
        said = {"refused": "needs too much memory to be read"}
    print(json.dumps(said))
