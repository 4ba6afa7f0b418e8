"""llama.cpp's tokens are the tokenizer's own, for every cut, in many scripts; a tokenizer for which they would not be is refused."""

import json
import random
import unicodedata

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")
pytest.importorskip("llama_cpp")

import causal_samples
import gguf
import llama_cpp
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer

from export.formats import gguf as format_
from rpo_edge.errors import InputError
from rpo_edge.runtimes.gguf import GgufRuntime

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {"vocab_size": 600, "hidden_size": 64, "intermediate_size": 64}
SPECIAL = ["x<tool>y<|begin|> z", "<|begin|><|end|>a<|pad|> b", "a <s> b</s>c", "</s></s>  <s>\n<unk>"]


def strings() -> list[str]:
    """Fixed ones and 400 of random characters, which meet at every kind of border."""
    rng = random.Random(1)
    letters = [chr(code) for code in (*range(0x20, 0x2FF), *range(0x370, 0x530), *range(0x590, 0x700), *range(0x900, 0x980))]
    letters += list("漢字かな한국어🙂👩‍👧０½Ⅷ\n\t\r  \u00a0\u3000'’") * 15 + list("'s'T'll'VE'd") * 5
    return [*causal_samples.STRINGS, *SPECIAL, *("".join(rng.choices(letters, k=rng.randrange(1, 40))) for _ in range(400))]


@pytest.fixture
def written(tmp_path):
    """A function: a checkpoint with this tokenizer -> (the tokenizer as transformers loads it, llama.cpp's, the file's fields)."""

    def write(tokenizer, **settings):
        folder = causal_samples.checkpoint(tmp_path, "llama", tokenizer, **SMALL)
        said = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        (folder / "tokenizer_config.json").write_text(json.dumps(said | settings), "utf-8")
        format_.write(folder, tmp_path / "model.gguf", "f16")
        run = llama_cpp.Llama(str(tmp_path / "model.gguf"), n_ctx=64, verbose=False)
        opened.append(run)
        return AutoTokenizer.from_pretrained(folder), run, gguf.GGUFReader(tmp_path / "model.gguf").fields

    opened = []
    yield write
    for run in opened:
        run.close()


def differing(tokenizer, run, texts) -> list[str]:
    return [
        text
        for text in texts
        if tokenizer(text, add_special_tokens=False).input_ids != run.tokenize(text.encode(), add_bos=False, special=True)
    ]


@pytest.mark.parametrize("name", causal_samples.CUTS)
def test_byte_level_tokens_are_the_same(written, name):
    tokenizer, run, fields = written(causal_samples.bytes_tokenizer(name))
    assert fields["tokenizer.ggml.pre"].contents() == name and fields["tokenizer.ggml.model"].contents() == "gpt2"
    texts = [unicodedata.normalize("NFC", text) for text in strings()] if name == "qwen2" else strings()
    assert differing(tokenizer, run, texts) == []


PREFIXED = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
NEVER = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)


@pytest.mark.parametrize(
    ("options", "prefix"),
    [({"normalizer": PREFIXED}, True), ({"normalizer": normalizers.Replace(" ", "▁")}, False), ({"cut": NEVER}, False)],
)
def test_sentencepieces_tokens_are_the_same(written, options, prefix):
    tokenizer, run, fields = written(causal_samples.pieces_tokenizer(**options))
    assert fields["tokenizer.ggml.model"].contents() == "llama" and fields["tokenizer.ggml.add_space_prefix"].contents() is prefix
    assert differing(tokenizer, run, strings()) == []
    types = fields["tokenizer.ggml.token_type"].contents()
    assert types[:4] == [2, 3, 3, 6] and types[258] == 6 and types[259] == 1 and types[-1] == 5


def test_what_stands_around_a_text_is_written(written):
    tokenizer, run, fields = written(causal_samples.pieces_tokenizer(), tokenizer_class="LlamaTokenizerFast")
    assert tokenizer("a").input_ids[0] == tokenizer.bos_token_id == run.tokenize(b"a")[0] == run.token_bos() == 1
    assert fields["tokenizer.ggml.add_bos_token"].contents() is True and fields["tokenizer.ggml.add_eos_token"].contents() is False
    assert run.token_eos() == 2


def test_special_tokens_and_templates_are_written(written):
    made = causal_samples.bytes_tokenizer("qwen2")
    made.add_special_tokens({"additional_special_tokens": ["<|im_end|>"]})
    made.chat_template = "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"
    tokenizer, run, fields = written(made)
    ids = {name: fields[f"tokenizer.ggml.{name}_token_id"].contents() for name in ("bos", "eos", "padding", "eot")}
    assert ids == {"bos": 0, "eos": 1, "padding": 2, "eot": tokenizer.convert_tokens_to_ids("<|im_end|>")}
    assert fields["tokenizer.chat_template"].contents() == made.chat_template == run.metadata["tokenizer.chat_template"]
    types = fields["tokenizer.ggml.token_type"].contents()
    assert types[tokenizer.convert_tokens_to_ids("<tool>")] == 4 and types[ids["eot"]] == 3 and types[-1] == 5
    assert run.tokenize(b"<|im_end|><tool>", add_bos=False, special=False)[-1] == tokenizer.convert_tokens_to_ids("<tool>")


def test_a_second_end_is_the_end_of_a_turn(written, tmp_path):
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [1, 2]}', "utf-8")
    made = causal_samples.bytes_tokenizer()
    folder = causal_samples.checkpoint(tmp_path, "llama", made, **SMALL)
    (folder / "generation_config.json").write_text('{"eos_token_id": [1, 2]}', "utf-8")
    format_.write(folder, tmp_path / "model.gguf", "f16")
    assert gguf.GGUFReader(tmp_path / "model.gguf").fields["tokenizer.ggml.eot_token_id"].contents() == 2


def test_texts_come_back_through_the_runtime(written, tmp_path):
    tokenizer, _, _ = written(causal_samples.bytes_tokenizer())
    runtime = GgufRuntime.open(tmp_path / "model.gguf")
    assert all(runtime.count(text) == len(tokenizer(text, add_special_tokens=False).input_ids) for text in causal_samples.STRINGS)
    runtime.close()


def unigram():
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), *((letter, -1.0) for letter in "abcdefgh ")], 0))
    return causal_samples.finished(tokenizer, eos_token="a", bos_token="b")


def otherwise_cut(cut=None, normalizer=None, **options):
    tokenizer = causal_samples.bytes_tokenizer()
    if cut:
        tokenizer.backend_tokenizer.pre_tokenizer = cut
    if normalizer:
        tokenizer.backend_tokenizer.normalizer = normalizer
    tokenizer.add_tokens([AddedToken("<odd>", **options)] if options else [])
    return tokenizer


def spaced():
    return causal_samples.finished(causal_samples.bytes_tokenizer("gpt-2").backend_tokenizer, eos_token="<|end|>", add_prefix_space=True)


def endless():
    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.eos_token = None
    return tokenizer


NEAR = causal_samples.in_order(
    causal_samples.split(rf"{causal_samples.WORDS}|\p{{N}}{{1,2}}|{causal_samples.REST}"), causal_samples.byte_level(False)
)
REFUSED = {
    "Unigram": (unigram, "Unigram"),
    "a cut that is nearly qwen2's": (lambda: otherwise_cut(NEAR), "no pre-tokenizer that is known to cut"),
    "qwen2's cut, and GPT-2's after it": (
        lambda: otherwise_cut(causal_samples.in_order(causal_samples.CUTS["qwen2"][0], causal_samples.byte_level(True))),
        "known to cut",
    ),
    "a space before the text": (spaced, "known to cut"),
    "lower case": (lambda: otherwise_cut(normalizer=normalizers.Lowercase()), "normalize.*Lowercase"),
    "strips": (lambda: otherwise_cut(lstrip=True, normalized=False), "<odd>"),
    "whole words": (lambda: otherwise_cut(single_word=True, normalized=False), "<odd>"),
    "no end": (endless, "which token ends"),
    "a space before the first text only": (
        lambda: causal_samples.pieces_tokenizer(cut=pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
        "space before every text",
    ),
    "some merges alone": (lambda: causal_samples.pieces_tokenizer(complete=False), "merges are not SentencePiece's"),
    "too many tokens": (causal_samples.bytes_tokenizer, r"tokens, the model 300"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_tokenizer_that_llama_cpp_would_not_follow_is_refused(tmp_path, what):
    make, match = REFUSED[what]
    rows = SMALL | ({"vocab_size": 300} if what == "too many tokens" else {})
    folder = causal_samples.checkpoint(tmp_path, "llama", make(), **rows, **({"eos_token_id": None} if what == "no end" else {}))
    with pytest.raises(InputError, match=match):
        format_.write(folder, tmp_path / "model.gguf", "f16")


def test_more_around_a_text_is_refused(tmp_path):
    from tokenizers.processors import TemplateProcessing

    tokenizer = causal_samples.bytes_tokenizer()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<|pad|> $A", special_tokens=[("<|pad|>", 2)])
    folder = causal_samples.checkpoint(tmp_path, "llama", tokenizer, **SMALL)
    with pytest.raises(InputError, match="more around a text"):
        format_.write(folder, tmp_path / "model.gguf", "f16")
