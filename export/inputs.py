"""A checkpoint folder, opened: nothing is downloaded, unpickled or run, and what cannot be read is an InputError."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer, PretrainedConfig, PreTrainedTokenizerFast

from rpo_edge.chat import Chat
from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.manifest import CHAT, TRAJECTORY
from rpo_edge.prompt import PROMPT_VERSION, SPECIAL_TOKENS
from rpo_edge.reflectors.generative import FORM, Form, TrajectoryForm, chat_of

INDEX, WHOLE = "model.safetensors.index.json", "model.safetensors"
ADAPTER = "adapter_config.json"
"""Of a LoRA adapter's folder, as peft leaves it."""
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """The border to transformers, tokenizers, safetensors and peft, which raise whatever comes: all of it becomes an InputError."""
    try:
        yield
    except RpoEdgeError:
        raise
    except Exception as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise InputError(f"{path} cannot be read: {' '.join(said[:2])[:300]}") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises InputError."""
    with reading(path):
        found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict):
        raise InputError(f"{path} is not a JSON object")
    return found


def config(folder: Path) -> PretrainedConfig:
    """What config.json says. Raises InputError, also for weights that another program has quantized already."""
    if not (folder / "config.json").is_file():
        if (folder / ADAPTER).is_file():
            raise InputError(
                f"{folder} is a LoRA adapter: `python -m export merge` makes a checkpoint of it and its base, "
                "`python -m export adapter` a file that llama.cpp lays over the base"
            )
        raise InputError(f"{folder} is no checkpoint: config.json is not there")
    with reading(folder / "config.json"):
        found = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    if getattr(found, "quantization_config", None):
        raise InputError(f"{folder} is quantized already; only float weights can be exported")
    return found


def tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """As training loads it: tokenizer.json, or what transformers makes of tokenizer.model. Raises InputError."""
    old = (folder / "tokenizer.model").is_file() and not (folder / "tokenizer.json").is_file()
    if old and find_spec("sentencepiece") is None:
        raise InputError(
            f"{folder} has a tokenizer.model but no tokenizer.json, which transformers makes of it with sentencepiece installed"
        )
    with reading(folder):
        found = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    if not isinstance(found, PreTrainedTokenizerFast):
        raise InputError(f"the tokenizer of {folder} cannot be read: it has no tokenizer.json")
    return found


def form(folder: Path) -> Form | None:
    """Of the prompts that it was trained on, else of its own chat template; None where it rewrites nothing, having neither.

    Raises ModelError for a chat.json that cannot be read.
    """
    if (folder / FORM).is_file():
        return Chat.load(folder / FORM)
    found = tokenizer(folder)
    return TrajectoryForm() if found.get_vocab().keys() >= set(SPECIAL_TOKENS) else chat_of(found)


def items(folder: Path) -> dict[str, int]:
    """{"items": of the history, as many as its training showed}, as a manifest says it; nothing where training.json does not tell."""
    path = folder / "training.json"
    found = read_json(path).get("items") if path.is_file() else None
    return {"items": found} if isinstance(found, int) else {}


def prompts(folder: Path) -> dict[str, Any]:
    """What a manifest says of its prompts: form, version and items; nothing where it rewrites nothing. Raises as `form`."""
    found = form(folder)
    if found is None:
        return {}
    said = {"prompt": CHAT, "prompt_version": 0} if isinstance(found, Chat) else {"prompt": TRAJECTORY, "prompt_version": PROMPT_VERSION}
    return said | items(folder)


def facts(found: PreTrainedTokenizerFast) -> dict[str, Any]:
    """What tokenizer.json would say of a tokenizer."""
    return dict(json.loads(found.backend_tokenizer.to_str()))


def files(folder: Path) -> list[Path]:
    """The weights, in safetensors. Raises InputError where there are none, or some of them are missing."""
    if (folder / INDEX).is_file():
        with reading(folder / INDEX):
            found = [folder / Path(name).name for name in sorted(set(read_json(folder / INDEX)["weight_map"].values()))]
    else:
        found = [folder / WHOLE]
    missing = [path.name for path in found if not path.is_file()]
    if not missing:
        return found
    if pickled := sorted(path.name for path in folder.iterdir() if path.suffix in PICKLED and path.name != "training_args.bin"):
        raise InputError(f"{folder} has its weights in {pickled[0]}, which could run code when it is opened; save them as safetensors")
    raise InputError(f"{folder} lacks {', '.join(missing)}")
