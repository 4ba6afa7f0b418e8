"""A LoRA adapter merged into its base by peft: a checkpoint like any other.

    python -m export merge ADAPTER OUT [--base CHECKPOINT]

ADAPTER is what peft or training leaves; OUT, which must not exist or be empty, becomes a checkpoint in float32 and safetensors, with
the tokenizer of the adapter, or of the training that it comes from, or of the base, and with that training's training.json. It is
read back and must say what the base with the adapter says. OUT appears once it does. Nothing pickled is ever read.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from export import adapters, arguments, inputs
from export.adapters import Adapter
from rpo_edge.errors import InputError
from rpo_edge.reflectors.generative import FORM

Array = np.ndarray[Any, Any]

PROMPTS = (
    "It is late, and we do not know.",
    "Thank you for your question! Here are 3 things to consider:\n\n- first\n- second",
    "Café — “quotes”, 1984 and 🙂.",
)
TOLERANCE = 1e-4
"""Of a logit, relative to the largest where that is above one: float32 adds in another order once the matrices are one."""

_EMBEDDING = re.compile(r"(embed_tokens|lm_head)(\.token_adapter)?(\.base_layer)?\.weight$")
"""As peft names a whole embedding, which it keeps where a training has added tokens to it."""


def main(given: list[str]) -> None:
    """Merge, check, and say how far the logits are apart."""
    parser = arguments.parser("merge", __doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", type=Path, help="the checkpoint that it was trained on, where its own word for it does not lead there")
    options = parser.parse_args(given)
    apart = write(options.adapter, options.out, options.base)
    print(f"logits differ by {apart:.1e} at most  {options.out}")


def write(folder: Path, out: Path, base: Path | None = None) -> float:
    """The whole checkpoint; returns how far its logits are from the adapter's. Raises InputError where that is too far, or nothing
    can be merged."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder")
    adapter = adapters.find(folder, base)
    words = vocabulary(adapter)
    tokenizer = inputs.tokenizer(words)
    ids = prompts(tokenizer, adapter.base)
    with inputs.reading(folder):
        model = PeftModel.from_pretrained(opened(adapter), folder, torch_device="cpu").eval()
        expected = [logits(model, prompt) for prompt in ids]
        merged = model.merge_and_unload(safe_merge=True)
    try:
        with TemporaryDirectory(dir=out.parent, prefix=".export-") as unfinished:
            save(merged, tokenizer, words, Path(unfinished) / out.name)
            apart = distance(Path(unfinished) / out.name, ids, expected)
            shutil.move(Path(unfinished) / out.name, free(out))
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from error
    return apart


def prompts(tokenizer: PreTrainedTokenizerFast, base: Path) -> list[list[int]]:
    """Ids of texts, and the tokens that were added to those of the base, which a training has taught.

    Not the base's own special tokens: where its training never saw one, it throws the model off its course, so that float32's rounding alone
    moves logits by more than the tolerance (SmolLM2-135M-Instruct: 4e-3 there, 8e-5 in the texts).
    """
    known = inputs.tokenizer(base).get_added_vocab() if any(map(Path.is_file, base.glob("tokenizer.*"))) else {}
    added = sorted(number for token, number in tokenizer.get_added_vocab().items() if token not in known)
    texts = (tokenizer(prompt, add_special_tokens=False).input_ids for prompt in PROMPTS)
    return [ids for ids in (added, *texts) if ids]


def opened(adapter: Adapter) -> Any:
    """The base in float32, its embeddings as many as the adapter was trained with. Raises InputError."""
    inputs.config(adapter.base)
    inputs.files(adapter.base)
    with inputs.reading(adapter.base):
        model = AutoModelForCausalLM.from_pretrained(adapter.base, use_safetensors=True, dtype="float32", trust_remote_code=False)
    rows = rows_needed(adapter)
    if rows > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(rows, mean_resizing=False)  # the adapter brings the new rows
    return model


def rows_needed(adapter: Adapter) -> int:
    """Rows of the embedding that the adapter writes itself; 0 where it writes none."""
    with inputs.reading(adapter.weights), safe_open(adapter.weights, framework="pt") as file:
        return max((file.get_slice(key).get_shape()[0] for key in adapter.names() if _EMBEDDING.search(key)), default=0)


def vocabulary(adapter: Adapter) -> Path:
    """The folder of the tokenizer: beside the adapter, one above where a training has left both, or the base's."""
    for folder in (adapter.folder, adapter.folder.resolve().parent):
        if (folder / "tokenizer.json").is_file() and (folder == adapter.folder or (folder / "training.json").is_file()):
            return folder
    return adapter.base


def save(model: Any, tokenizer: PreTrainedTokenizerFast, words: Path, out: Path) -> None:
    """Model, tokenizer, and what is known of the training and of the form of its prompts."""
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)
    for name in ("training.json", FORM):
        if (words / name).is_file():
            shutil.copyfile(words / name, out / name)


def distance(folder: Path, prompts: list[list[int]], expected: list[Array]) -> float:
    """The greatest difference of a logit. Raises InputError beyond the tolerance."""
    with inputs.reading(folder):
        model = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype="float32").eval()
    apart, most = 0.0, 1.0
    for prompt, before in zip(prompts, expected, strict=True):
        apart = max(apart, float(np.abs(logits(model, prompt) - before).max()))
        most = max(most, float(np.abs(before).max()))
    if not apart <= TOLERANCE * most:
        raise InputError(f"the merged model's logits are off by {apart:.1e}, and may be by {TOLERANCE * most:.1e}; nothing was written")
    return apart


def logits(model: Any, ids: list[int]) -> Array:
    """(tokens, vocabulary)."""
    with torch.inference_mode():
        return np.asarray(model(input_ids=torch.tensor([ids])).logits[0])


def free(out: Path) -> Path:
    """`out`, away if it was an empty folder."""
    if out.exists():
        out.rmdir()
    return out
