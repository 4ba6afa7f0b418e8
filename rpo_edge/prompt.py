"""The special tokens of a rewriting trajectory, which a causal language model reads and writes; training and serving share them.

    <|begin|> profile <|history|> item <|history|> item … <|query|> … <|draft|> … <|reflect|> observations <|rewrite|> … <|end|>

What changes least comes first, so that a runtime keeps the front of its cache. A model's vocabulary has these tokens from
its first day. Text of anybody's that looks like one is escaped here, and nowhere else: `<|end|>` in a draft becomes
`<\\|end|>`, and `unescape` takes that back, whatever was there before.
"""

from __future__ import annotations

import re

PROMPT_VERSION = 1
"""A manifest names the version that its model was trained on."""

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
HISTORY, QUERY, DRAFT, REFLECT, REWRITE = "<|history|>", "<|query|>", "<|draft|>", "<|reflect|>", "<|rewrite|>"
SPECIAL_TOKENS = (BEGIN, END, PAD, HISTORY, QUERY, DRAFT, REFLECT, REWRITE)
"""In the order of their ids, which are the first of the vocabulary."""

_NAMES = "|".join(token[2:-2] for token in SPECIAL_TOKENS)
_LOOKS_SPECIAL = re.compile(rf"<(\\*)\|({_NAMES})\|>")
_ESCAPED = re.compile(rf"<\\(\\*)\|({_NAMES})\|>")


def escape(text: str) -> str:
    """The text with one more backslash in whatever looks like a special token, or like an escaped one."""
    return _LOOKS_SPECIAL.sub(r"<\\\1|\2|>", text)


def unescape(text: str) -> str:
    """What `escape` was given."""
    return _ESCAPED.sub(r"<\1|\2|>", text)
