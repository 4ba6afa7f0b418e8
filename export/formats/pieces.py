"""SentencePiece's BPE models (Llama 2), as Hugging Face's tokenizer.json holds them, for llama.cpp.

There a text is not cut: spaces become "▁", a space is put before the text, single characters are merged, and what is no token falls
apart into bytes. tokenizer.json has a list of merges; llama.cpp has a score for each token and merges any two neighbours that
make one, the best score first. Both give the same only where every way to put a token together is a merge, and those of one token
stand together, as in a list that was made from SentencePiece's own model; that is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import gguf

from rpo_edge.errors import InputError

Facts = Mapping[str, Any]
SPACE = "▁"
BYTES = frozenset(f"<0x{byte:02X}>" for byte in range(256))
_REPLACE = ("Replace", " ", SPACE)
PREFIXES = {
    ((("Prepend", SPACE), _REPLACE), ()): True,
    ((_REPLACE,), ()): False,
    ((), (("Metaspace", SPACE, "never", False),)): False,
}
"""(normalizers, pre-tokenizers) -> whether a space is put before every text."""
_DECISIVE = {"Prepend": ("prepend",), "Replace": ("pattern", "content"), "Metaspace": ("replacement", "prepend_scheme", "split")}


def is_one(facts: Facts) -> bool:
    """Whether characters that are no token fall apart into bytes, which is how SentencePiece's models are known."""
    return bool(facts["model"].get("byte_fallback"))


def describe(writer: gguf.GGUFWriter, facts: Facts, tokens: list[str]) -> None:
    """The fields of the model. Raises InputError where llama.cpp would make other tokens."""
    normalizers = steps(facts["normalizer"], "normalizers", _DECISIVE)
    prefix = PREFIXES.get((normalizers, steps(facts["pre_tokenizer"], "pretokenizers", _DECISIVE)))
    if prefix is None:
        raise InputError(
            "llama.cpp puts a space before every text, and after every special token, or before none; this tokenizer does neither: "
            f"{facts['normalizer']}, {facts['pre_tokenizer']}"
        )
    if facts["model"].get("ignore_merges") or not BYTES.issubset(facts["model"]["vocab"]):
        raise InputError("a tokenizer with byte_fallback cannot be written where it has not all bytes, or takes words whole")
    ranks = ranked(facts)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_scores([-float(ranks.get(token, len(ranks))) if token in facts["model"]["vocab"] else 0.0 for token in tokens])
    writer.add_add_space_prefix(prefix)


def ranked(facts: Facts) -> dict[str, int]:
    """Each token that is merged -> its place. Raises InputError where places alone do not say what the merges say."""
    pairs = [tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge) for merge in facts["model"]["merges"]]
    order = [token for token, _ in groupby(left + right for left, right in pairs)]
    if len(order) != len(set(order)) or ways(facts) - set(pairs):
        raise InputError(
            "this tokenizer's merges are not SentencePiece's: llama.cpp, which goes by tokens' scores, would make other tokens"
        )
    return {token: place for place, token in enumerate(order)}


def ways(facts: Facts) -> set[tuple[str, ...]]:
    """Every pair of tokens that makes a third, added tokens and bytes left out."""
    apart = BYTES | {token["content"] for token in facts["added_tokens"]}
    known = facts["model"]["vocab"].keys() - apart
    return {(token[:at], token[at:]) for token in known for at in range(1, len(token)) if token[:at] in known and token[at:] in known}


def steps(found: Facts | None, within: str, decisive: Mapping[str, Sequence[str]]) -> tuple[tuple[Any, ...], ...]:
    """Of each normalizer or pre-tokenizer, in their order, its type and what of it is decisive.

    within: where a sequence has its parts. decisive: by type, the keys; what is not said is true.
    """
    if found is None:
        return ()
    if found["type"] == "Sequence":
        return tuple(step for part in found[within] for step in steps(part, within, decisive))
    values = [found.get(key, True) for key in decisive.get(found["type"], ())]
    return ((found["type"], *(next(iter(value.values())) if isinstance(value, dict) else value for value in values)),)
