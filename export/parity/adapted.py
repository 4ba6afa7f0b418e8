"""An adapter's figures: a base in float32 with the adapter over it, by peft and by llama.cpp."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from peft import PeftModel

from export import inputs, merge
from export.adapters import Adapter
from export.formats import gguf
from export.formats.blocks import FLOAT32
from export.parity.figures import Parity
from export.parity.golden import golden
from export.parity.measuring import apart
from rpo_edge.runtimes.gguf import GgufRuntime

Array = np.ndarray[Any, Any]
_PROMPTS, _LENGTH = 4, 512  # golden texts, and tokens of one that are compared at most


def figures(adapter: Adapter, file: Path) -> Parity:
    """Raises OptionalDependencyError without llama-cpp-python, ModelError for a file that it cannot lay over the base."""
    words = merge.vocabulary(adapter)
    tokenizer = inputs.tokenizer(words)
    every = [tokenizer(one.text, add_special_tokens=False).input_ids[:_LENGTH] for one in golden(_PROMPTS, inputs.form(words))]
    texts = [ids for ids in every if len(ids) > 1]
    with inputs.reading(adapter.folder):
        model = PeftModel.from_pretrained(merge.opened(adapter), adapter.folder, torch_device="cpu").eval()
    known = [merge.logits(model, ids) for ids in texts]
    found = by_llama(adapter.base, file, texts)
    size = file.stat().st_size
    return Parity(file.name, "f16", size, 32.0, logits=apart(texts, known, found))  # float32 weights; keys and values are float16


def by_llama(base: Path, file: Path, texts: list[list[int]]) -> list[Array]:
    """Logits of the base in float32 with the adapter over it."""
    with TemporaryDirectory() as folder:
        gguf.plain(base, Path(folder) / "base.gguf", FLOAT32)
        with closing(GgufRuntime.open(Path(folder) / "base.gguf", context=_LENGTH)) as runtime:
            runtime.adapt(file)
            engine = runtime.engine(max(map(len, texts)))
            found = []
            for ids in texts:
                engine.truncate(0)
                found.append(engine.extend(ids, len(ids)).copy())
    return found
