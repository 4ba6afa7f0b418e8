"""A tokenizer as GGUF fields: which cut it makes, its tokens, merges or scores, special tokens and chat template.

llama.cpp holds the cuts (the regular expressions before BPE) in its program, each under a name; a file only names one. Which name is
right is told by the tokenizer's own steps, compared to the letter: what is not in `CUTS` is refused, since a near one would give
other tokens without a word. SentencePiece's models have no cut: see pieces.py.

Where it falls short: llama.cpp does not compose Unicode (NFC), which Qwen's tokenizers do; text that is composed already, as
nearly all text is, has the same tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
from transformers import PretrainedConfig, PreTrainedTokenizerFast

from export import inputs
from export.formats import pieces
from rpo_edge.errors import InputError

Facts = Mapping[str, Any]

_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
GPT2 = ("ByteLevel", False, True)
BYTES = ("ByteLevel", False, False)
CUTS = {
    (False, (GPT2,)): "gpt-2",
    (False, (("Digits", True), GPT2)): "smollm",
    (False, (("Split", r"\p{N}", "Isolated", False), GPT2)): "smollm",
    (False, (("Split", rf"{_WORDS}|\p{{N}}|{_REST}", "Isolated", False), BYTES)): "qwen2",
    (False, (("Split", rf"{_WORDS}|\p{{N}}{{1,3}}|{_REST}", "Isolated", False), BYTES)): "smaug-bpe",
    (True, (("Split", rf"{_WORDS}|\p{{N}}{{1,3}}|{_REST}", "Isolated", False), BYTES)): "llama-bpe",
}
"""(whether a word that is a token is taken whole, the steps) -> llama.cpp's name, as of its src/llama-vocab.cpp. ByteLevel: whether a
space is put before the text, whether it cuts. "smaug-bpe" cuts as "llama-bpe" and merges every word."""
_DECISIVE = {
    "ByteLevel": ("add_prefix_space", "use_regex"),
    "Digits": ("individual_digits",),
    "Split": ("pattern", "behavior", "invert"),
}
"""What of a pre-tokenizer decides where it cuts."""

TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|end|>")


def describe(writer: gguf.GGUFWriter, folder: Path, config: PretrainedConfig) -> None:
    """All fields of the tokenizer. Raises InputError for one that cannot be written so that its tokens stay the same."""
    tokenizer = inputs.tokenizer(folder)
    facts = inputs.facts(tokenizer)
    plain(facts)
    tokens = listed(tokenizer, config.vocab_size)
    if pieces.is_one(facts):
        pieces.describe(writer, facts, tokens)
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(cut(facts))
        writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in facts["model"]["merges"]])
    writer.add_token_list(tokens)
    writer.add_token_types(types(tokens, facts))
    ends(writer, folder, config, tokenizer)
    template(writer, tokenizer)


def plain(facts: Facts) -> None:
    """Raises InputError for what no GGUF file can say of a tokenizer."""
    model, odd = facts["model"], [token["content"] for token in facts["added_tokens"] if stretches(token, facts["normalizer"])]
    if model["type"] != "BPE":
        raise InputError(f"a {model['type']} tokenizer cannot be written, only BPE")
    if model.get("dropout") or model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        raise InputError("a BPE tokenizer with dropout, prefixes or suffixes cannot be written")
    if odd:
        raise InputError(
            f"llama.cpp cannot match the added tokens {', '.join(odd)} as this tokenizer does (strip, whole words, normalized)"
        )


def stretches(token: Facts, normalizer: Facts | None) -> bool:
    """Whether an added token stands for more, or for other text, than its own letters."""
    altered = token["normalized"] and normalizer not in (None, {"type": "NFC"})
    return token["lstrip"] or token["rstrip"] or token["single_word"] or altered


def cut(facts: Facts) -> str:
    """llama.cpp's name of a byte-level tokenizer's cut. Raises InputError where it knows no equal one."""
    found = pieces.steps(facts["pre_tokenizer"], "pretokenizers", _DECISIVE)
    name = CUTS.get((bool(facts["model"].get("ignore_merges")), found))
    if name is None:
        raise InputError(f"llama.cpp has no pre-tokenizer that is known to cut as this one: {' then '.join(map(str, found)) or 'none'}")
    if facts["normalizer"] not in (None, {"type": "NFC"}):
        raise InputError(f"llama.cpp does not normalize text as this tokenizer does: {facts['normalizer']['type']}")
    return name


def listed(tokenizer: PreTrainedTokenizerFast, rows: int) -> list[str]:
    """One token for each row of the embedding, made-up ones for rows that no token has. Raises InputError for tokens without a row."""
    known = {index: token for token, index in tokenizer.get_vocab().items()}
    if max(known) >= rows:
        raise InputError(f"the tokenizer has {max(known) + 1} tokens, the model {rows}")
    return [known.get(index, f"[PAD{index}]") for index in range(rows)]


def types(tokens: list[str], facts: Facts) -> list[gguf.TokenType]:
    """llama.cpp looks for control and user-defined tokens before it cuts the text, for control tokens only where it is asked to."""
    added = {token["content"]: token["special"] for token in facts["added_tokens"]}
    vocabulary, unknown = facts["model"]["vocab"], facts["model"].get("unk_token")

    def of(token: str) -> gguf.TokenType:
        if pieces.is_one(facts) and token == unknown:
            return gguf.TokenType.UNKNOWN
        if token in added:
            return gguf.TokenType.CONTROL if added[token] else gguf.TokenType.USER_DEFINED
        if pieces.is_one(facts) and token in pieces.BYTES:
            return gguf.TokenType.BYTE
        return gguf.TokenType.NORMAL if token in vocabulary else gguf.TokenType.UNUSED

    return [of(token) for token in tokens]


def ends(writer: gguf.GGUFWriter, folder: Path, config: PretrainedConfig, tokenizer: PreTrainedTokenizerFast) -> None:
    """The special tokens' ids, and which of them stand around every text. Without ids llama.cpp would take its own, so all are written.

    Raises InputError where the tokenizer puts anything else around a text, or has no end."""
    end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else first(config.eos_token_id)
    if end is None:
        raise InputError(f"{folder} does not say which token ends a text")
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else first(config.bos_token_id)
    writer.add_eos_token_id(end)
    writer.add_bos_token_id(end if begin is None else begin)
    if tokenizer.pad_token_id is not None:
        writer.add_pad_token_id(tokenizer.pad_token_id)
    if tokenizer.unk_token_id is not None:
        writer.add_unk_token_id(tokenizer.unk_token_id)
    if (turn := turn_end(folder, tokenizer)) is not None:
        writer.add_eot_token_id(turn)
    before, after = around(tokenizer)
    if before not in ([], [begin]) or after not in ([], [end]):
        raise InputError(f"the tokenizer of {folder} puts more around a text than its begin and end")
    writer.add_add_bos_token(bool(before))
    writer.add_add_eos_token(bool(after))


def around(tokenizer: PreTrainedTokenizerFast) -> tuple[list[int], list[int]]:
    """What the tokenizer puts before and after a text of its own accord."""
    bare, whole = (tokenizer("a", add_special_tokens=special).input_ids for special in (False, True))
    at = next((i for i in range(len(whole) - len(bare) + 1) if whole[i : i + len(bare)] == bare), len(whole))
    return whole[:at], whole[at + len(bare) :]


def first(ids: Any) -> int | None:
    """Of one id or several."""
    found: int | None = next(iter(ids), None) if isinstance(ids, list) else ids
    return found


def turn_end(folder: Path, tokenizer: PreTrainedTokenizerFast) -> int | None:
    """The token that ends a turn of a chat: one that the template writes, else the second that ends generation."""
    known, written = tokenizer.get_vocab(), str(tokenizer.chat_template or "")
    for token in TURN_ENDS:
        if token in known and token in written:
            return known[token]
    said = generation_ends(folder)
    more = [index for index in said if index != tokenizer.eos_token_id] if isinstance(said, list) else []
    return more[0] if more else None


def generation_ends(folder: Path) -> list[int] | int | None:
    """Which tokens end a text, as generation_config.json says it. Raises InputError for a file that cannot be read."""
    path = folder / "generation_config.json"
    said: list[int] | int | None = inputs.read_json(path).get("eos_token_id") if path.is_file() else None
    return said


def stops(folder: Path, config: PretrainedConfig, tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Tokens after which nothing comes: the tokenizer's end, the configurations', and the end of a turn. Raises InputError without any."""
    named = [tokenizer.eos_token_id, turn_end(folder, tokenizer), config.eos_token_id, generation_ends(folder)]
    found = {index for ids in named for index in (ids if isinstance(ids, list) else [ids]) if index is not None}
    if not found:
        raise InputError(f"{folder} does not say which token ends a text")
    return sorted(found)


def template(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast) -> None:
    """One chat template, or several by their names."""
    found = tokenizer.chat_template
    if isinstance(found, dict):
        writer.add_chat_template([{"name": name, "template": text} for name, text in found.items()])
    elif found:
        writer.add_chat_template(found)
