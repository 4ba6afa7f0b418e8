"""Tokenizer and token shards for pretraining: texts in, files that can be moved one by one out.

    python -m training corpus OUT [--vocabulary 15360] [--most 12e6]

OUT becomes

    tokenizer.json …         byte-level BPE; `rpo_edge/prompt.py` has its special tokens, which are the first ids
    train-00.bin …           uint16 tokens, little-endian, documents of all sources in one shuffled row; 15 MB at most
    validation-SOURCE.bin    documents of each source that are never trained on, for the loss by source
    corpus.json              for each file: tokens, documents, sha256; for each source: where it is from, its licence, its tokens

Sources: the pretraining texts (encyclopaedia, books, abstracts), and of the train split the histories, and the answers of
models whose makers' terms allow training on them. Nothing of a dev or test author or prompt is trained on; the validation of
the last two is their dev split.

A document is `<|begin|> text <|end|>`. Digits are tokens of their own, so that a number is copied digit by digit; the rest is
cut as GPT-2 does (the pre-tokenizer that llama.cpp calls "smollm").

`--most` bounds the tokens of each source: half of all is encyclopaedia, and a run that sees a part of it only should rather see as
much of how people write. Tokenizer and validation are the same with it and without.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from rpo_edge.errors import InputError
from rpo_edge.prompt import BEGIN, END, PAD, SPECIAL_TOKENS, escape
from training import data, recipe

VOCABULARY = 15_360
"""Tokens: 60 rows of 256, and at a width of 512 in bf16 an embedding that is smaller than 16 MiB."""
SHARD = 7_500_000
"""Tokens of a shard at most, two bytes each."""
_HELD_OUT = 400  # one document in so many of the pretraining texts is for validation
_VALIDATION = 300  # documents of each source, at most
_SEED = 11


@dataclass(frozen=True)
class Document:
    """One text, its source, and whether it is held out for validation."""

    source: str
    text: str
    held_out: bool


@dataclass(frozen=True)
class Source:
    """Where documents come from."""

    licence: str
    read: Callable[[], Iterator[tuple[str, bool]]]  # (text, held out)


def _plain(group: str) -> Callable[[], Iterator[tuple[str, bool]]]:
    """Texts without a split."""

    def read() -> Iterator[tuple[str, bool]]:
        for row in data.all_rows(f"pretrain/{group}-"):
            yield row["text"], int(hashlib.sha1(row["text"].encode()).hexdigest(), 16) % _HELD_OUT == 0

    return read


def _histories() -> Iterator[tuple[str, bool]]:
    for split in ("train", "dev"):
        for group in (*data.HISTORIES, "arxiv"):
            for row in data.rows(f"histories/{group}", split):
                yield row["text"], split == "dev"


def _drafts() -> Iterator[tuple[str, bool]]:
    for split in ("train", "dev"):
        for row in data.permitted(split):
            yield (f"{row['query']}\n\n{row['response']}" if row["query"] else row["response"]), split == "dev"


SOURCES: dict[str, Source] = {
    "encyclopaedia": Source("CC BY-SA 3.0, Wikipedia contributors", _plain("wiki")),
    "books": Source("public domain", _plain("gutenberg")),
    "abstracts": Source("CC0 (arXiv metadata) and Apache-2.0 (summaries)", _plain("arxiv")),
    "histories": Source(
        "public domain, CC0, MIT, Apache-2.0, BSD, Zlib, Unlicense, CC BY 3.0 and 4.0, CC BY-SA 3.0 and 4.0, text by text", _histories
    ),
    "answers": Source("Apache-2.0 collections; answers of Mistral 7B, Phi-3, Qwen1.5 and Open Assistant models only", _drafts),
}


def documents() -> Iterator[Document]:
    """Every document of every source."""
    for name, source in SOURCES.items():
        for text, held_out in source.read():
            if text.strip():
                yield Document(name, text, held_out)


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """Byte-level BPE of `vocabulary` tokens; a text without special tokens decodes to itself, whatever its bytes are."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    digits = pre_tokenizers.Split(Regex(r"\p{N}"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(map(escape, texts), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )


def encode(
    found: Iterable[Document], tokenizer: PreTrainedTokenizerFast
) -> Iterator[tuple[Document, np.ndarray[Any, np.dtype[np.uint16]]]]:
    """Each document with its tokens, `<|begin|>` and `<|end|>` included; encoded on all cores."""
    begin, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    remaining = iter(found)
    while group := list(islice(remaining, 2000)):
        encodings = tokenizer.backend_tokenizer.encode_batch_fast([escape(document.text) for document in group], add_special_tokens=False)
        for document, encoding in zip(group, encodings, strict=True):
            yield document, np.array([begin, *encoding.ids, end], dtype=np.uint16)


def build(found: list[Document], out: Path, vocabulary: int = VOCABULARY, most: float = math.inf) -> dict[str, Any]:
    """Write everything; return what `corpus.json` says. The same documents give the same bytes. most: tokens of each source.

    Raises InputError where there are no documents.
    """
    if not found:
        raise InputError("there are no documents to make a corpus of")
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(_SEED)
    found = list(found)
    rng.shuffle(found)
    sample = (document.text for document in found[: max(2000, len(found) // 4)] if not document.held_out)
    tokenizer = train_tokenizer(sample, vocabulary)
    tokenizer.save_pretrained(out)
    pieces: dict[str, list[Any]] = {}
    sizes: Counter[str] = Counter()
    shard = 0
    room = SHARD
    taken: Counter[str] = Counter()
    for document, tokens in encode(found, tokenizer):
        if document.held_out:
            if taken[document.source] < _VALIDATION:
                taken[document.source] += 1
                pieces.setdefault(f"validation-{document.source}.bin", []).append(tokens)
            continue
        if sizes[document.source] + len(tokens) > most:
            continue
        if len(tokens) > room:
            shard, room = shard + 1, SHARD
        pieces.setdefault(f"train-{shard:02d}.bin", []).append(tokens)
        room -= len(tokens)
        sizes[document.source] += len(tokens)
    files = {}
    for name, arrays in sorted(pieces.items()):
        packed = np.concatenate(arrays).astype("<u2").tobytes()
        (out / name).write_bytes(packed)
        files[name] = {"tokens": len(packed) // 2, "documents": len(arrays), "sha256": hashlib.sha256(packed).hexdigest()}
    sources = {name: {"tokens": sizes[name], "licence": SOURCES[name].licence if name in SOURCES else ""} for name in sorted(sizes)}
    facts = {"vocabulary": len(tokenizer), "files": files, "sources": sources}
    (out / "corpus.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return facts


def verify(folder: Path) -> dict[str, Any]:
    """What `corpus.json` says, after each file that is there was held against its sha256. Raises ValueError."""
    facts: dict[str, Any] = json.loads((folder / "corpus.json").read_text("utf-8"))
    for name, fact in facts["files"].items():
        path = folder / name
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() != fact["sha256"]:
            raise ValueError(f"{path} is not what corpus.json says")
    return facts


def main(argv: list[str]) -> None:
    """Read, cut, write, and print the sizes."""
    parser = recipe.parser("corpus", __doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    parser.add_argument(
        "--most",
        type=float,
        default=math.inf,
        help="tokens of each source at most; all are read and cut all the same, which takes some minutes",
    )
    options = parser.parse_args(argv)
    facts = build(list(documents()), options.out, options.vocabulary, options.most)
    for name, fact in facts["sources"].items():
        print(f"{fact['tokens']:12,d} tokens of {name}")
    print(f"{sum(f['tokens'] for n, f in facts['files'].items() if n.startswith('train')):12,d} in all, to be trained on")
