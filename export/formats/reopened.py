"""A GGUF file of a byte-level BPE model back to a checkpoint in float32, so that a model that people have can be trained further.

    python -m export checkpoint MODEL.gguf OUT

The weights are what the file's blocks say (transformers reads them), the tokenizer is put together from the file's tokens, merges and cut. Whether both say what llama.cpp
says of the file is proved by `python -m export verify OUT MODEL.gguf`. The header is read in a process with limits first. README.md says name and licence as
the header has them, and which file it was: training and exports take both from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from export import inputs, provenance
from export.formats import families, vocabulary
from export.outputs import whole_folder
from rpo_edge.errors import InputError
from rpo_edge.manifest import digest
from rpo_edge.runtimes.inspection import inspected

Fields = Mapping[str, Any]
_TOKENIZER, _GENERAL = "tokenizer.", "general."


def write(path: Path, out: Path) -> None:
    """The whole way back. Raises InputError for a file that is no model of these families and tokenizers, ModelError for a damaged one."""
    if (family := inspected(path).architecture) not in families.FAMILIES:
        raise InputError(f"{path} is of the family {family!r}; {', '.join(families.FAMILIES)} lead back to a checkpoint")
    with inputs.reading(path):
        read = gguf.GGUFReader(path).fields.items()
        fields = {name: field.contents() for name, field in read if name.startswith((_TOKENIZER, _GENERAL))}
        of_tokens = {name.removeprefix(_TOKENIZER): value for name, value in fields.items() if name.startswith(_TOKENIZER)}
        found = tokenizer({name.removeprefix("ggml."): value for name, value in of_tokens.items()}, path)
        model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32, trust_remote_code=False)
    for config in (model.config, model.generation_config):
        config.bos_token_id, config.eos_token_id, config.pad_token_id = found.bos_token_id, found.eos_token_id, found.pad_token_id
    with whole_folder(out) as unfinished:
        model.save_pretrained(unfinished)
        found.save_pretrained(unfinished)
        provenance.write_card(unfinished, origin(fields), f"`{path.name}` (sha256 {digest(path)}) as a checkpoint in float32.")


def origin(fields: Fields) -> dict[str, str]:
    """What a model card says of a file with these fields under "general."."""
    said = {name: str(fields.get(f"{_GENERAL}{name}", "")) for name in ("organization", "name", "license", "base_model.0.name")}
    name = "/".join(filter(None, (said["organization"], said["name"]))) if said["name"] else ""
    return {"model_name": name, "base_model": said["base_model.0.name"], "license": said["license"]}


def tokenizer(fields: Fields, path: Path) -> PreTrainedTokenizerFast:
    """Of the fields under "tokenizer.". Raises InputError for what is not byte-level BPE with a cut that is known, or puts a token before
    every text."""
    cut = next((cut for cut, name in vocabulary.CUTS.items() if name == fields.get("pre")), None)
    if fields.get("model") != "gpt2" or cut is None:
        raise InputError(
            f"{path} has a tokenizer {fields.get('model')!r} that cuts as {fields.get('pre')!r}; only byte-level ones lead back"
        )
    if fields.get("add_bos_token") or fields.get("eos_token_id") is None:
        raise InputError(f"{path} has a token before every text, or none that ends one; neither leads back")
    (whole, steps), tokens, kinds = cut, fields["tokens"], fields["token_type"]
    merges = [tuple(merge.split(" ", 1)) for merge in fields["merges"]]
    made = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges, ignore_merges=whole))
    made.pre_tokenizer = pre_tokenizers.Sequence([_step(*step) for step in steps])
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([token for token, kind in zip(tokens, kinds, strict=True) if kind == gguf.TokenType.CONTROL])
    made.add_tokens([token for token, kind in zip(tokens, kinds, strict=True) if kind == gguf.TokenType.USER_DEFINED])
    ids = {name: fields.get(f"{name}_token_id") for name in ("bos", "eos", "padding")}
    named = {f"{name}_token": tokens[i] for name, i in ids.items() if i is not None}
    named["pad_token"] = named.pop("padding_token", named["eos_token"])  # an end there is
    found = PreTrainedTokenizerFast(tokenizer_object=made, clean_up_tokenization_spaces=False, **named)
    found.chat_template = fields.get("chat_template")
    return found


def _step(kind: str, *values: Any) -> Any:
    """A pre-tokenizer of `vocabulary.CUTS`."""
    if kind == "ByteLevel":
        return pre_tokenizers.ByteLevel(add_prefix_space=values[0], use_regex=values[1])
    if kind == "Digits":
        return pre_tokenizers.Digits(individual_digits=values[0])
    pattern, behaviour, invert = values
    return pre_tokenizers.Split(Regex(pattern), behaviour.lower(), invert)
