"""GGUF files byte by byte, for tests of what reads their headers: whole ones, with tensors of nought, and ones made to do harm."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|stop|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TOKENS = ("<s>", "<|stop|>", "<|user|>", "a", "b")
KINDS = (3, 3, 1, 1, 1)
USUAL = {
    "general.architecture": "llama",
    "general.name": "Tiny Instruct",
    "general.license": "cc0-1.0",
    "llama.context_length": 128,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": list(TOKENS),
    "tokenizer.ggml.token_type": list(KINDS),
    "tokenizer.ggml.bos_token_id": 0,
    "tokenizer.ggml.eos_token_id": 1,
    "tokenizer.chat_template": TEMPLATE,
}


@dataclass
class Tensor:
    name: str = "token_embd.weight"
    shape: tuple[int, ...] = (32, 5)
    kind: int = 8  # Q8_0: blocks of 32 elements in 34 bytes
    offset: int = 0
    size: int = 170


@dataclass
class File:
    metadata: dict = field(default_factory=lambda: dict(USUAL))
    tensors: tuple[Tensor, ...] = (Tensor(),)
    magic: bytes = b"GGUF"
    version: int = 3
    keys: int | None = None  # said, where that is not how many there are
    tensor_count: int | None = None

    def __bytes__(self) -> bytes:
        counts = (
            len(self.tensors) if self.tensor_count is None else self.tensor_count,
            len(self.metadata) if self.keys is None else self.keys,
        )
        head = self.magic + struct.pack("<IQQ", self.version, *counts)
        head += b"".join(string(key) + value(content) for key, content in self.metadata.items())
        for tensor in self.tensors:
            head += string(tensor.name) + struct.pack("<I", len(tensor.shape)) + struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape)
            head += struct.pack("<IQ", tensor.kind, tensor.offset)
        data = head + bytes(-len(head) % 32)
        return data + b"".join(bytes(tensor.size + -tensor.size % 32) for tensor in self.tensors)


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def value(content: object) -> bytes:
    """With its kind in front: bytes stand as they are."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, bool):
        return struct.pack("<I?", 7, content)
    if isinstance(content, int):
        return struct.pack("<II", 4, content)
    if isinstance(content, str):
        return struct.pack("<I", 8) + string(content)
    assert isinstance(content, list)
    if content and isinstance(content[0], str):
        return struct.pack("<IIQ", 9, 8, len(content)) + b"".join(map(string, content))
    return struct.pack("<IIQ", 9, 5, len(content)) + struct.pack(f"<{len(content)}i", *content)


def changed(**keys: object) -> File:
    """The usual file with other metadata; "__" stands for ".", and None takes a key away."""
    metadata = USUAL | {key.replace("__", "."): content for key, content in keys.items()}
    return File({key: content for key, content in metadata.items() if content is not None})
