"""Tiny causal models for the tests of exports: checkpoints with random weights, and tokenizers trained in place."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen3Config

FAMILIES = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config}
IDS = [int(i) for i in np.random.default_rng(0).integers(3, 480, 120)]
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
YARN = {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64}

MODELS: list[tuple[str, dict]] = [
    ("llama", {}),
    ("llama", {"tie_word_embeddings": True, "num_key_value_heads": 4}),
    ("llama", {"attention_bias": True, "mlp_bias": True}),
    ("llama", {"head_dim": 32}),
    ("llama", {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    ("llama", {"rope_scaling": LLAMA3}),
    ("llama", {"rope_scaling": YARN}),
    ("llama", {"rope_scaling": YARN | {"attention_factor": 1.5}}),
    ("qwen2", {}),
    ("qwen2", {"tie_word_embeddings": True, "rope_scaling": YARN}),
    ("qwen3", {"head_dim": 128}),
    ("qwen3", {"tie_word_embeddings": True, "head_dim": 32}),
]
"""Family and what its configuration says: every kind of head, bias, norm and rope, tied and untied."""

REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"

TEXTS = [
    "The boat sails in 1984, and it isn't far. “So” what? — I'LL say we've, they're, I'd, I'm, he's.",
    "Über die Brücke; ça va? Добрый день, мир. שלום עולם. مرحبا ١٢٣. नमस्ते दुनिया. 漢字かな交じり文. 한국어 문장.",
    "def f(x):\n\treturn x  +  1\n\n\n    # four    spaces\r\n",
    "🙂🙂 👩‍👩‍👧 — 100% of 3.14159, 1,000,000 and ½ or ²; https://example.org/a_b?c=d#e",
]

STRINGS = [
    *TEXTS,
    "Hello world", " Hello", "  Hello  world  ", "a", " ", "  ", "   \n  ", "\n", "\n\n\nx", "\t\tx", "x \n", "a\u00a0b\u3000c", "\r\n\r\n a",
    "I'm WE'RE don't DON'T it's 'tis y'all'd've ’s", "12345 1 22 333 4444 ٣٤٥ Ⅷ 1²", "3.14e-10 0x1F $1,234.56", "!!!???...---___", "((({{{[[[",
    "🙂", "👨‍👩‍👧‍👦 🏳️‍🌈 🇫🇷", "é é Å", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ﷽ ﬁ", "ไทยไม่มีช่องว่าง", "ქართული አማርኛ ᏣᎳᎩ", "中文，没有空格。", "日本語テキスト", "한국어",
    "a" * 70, "ab" * 40, "\x00\x01\x7f", "▁▁x ▁", "<s> </s> <unk> <0x41>", "Ġ Ċ ĉ", "tab\tand\x0bvertical\x0cfeed\x85next", "ﾊﾝｶｸ ＦＵＬＬ",
    "mixed中文and English、и русский", "e.g. U.S.A. i.e., Mr. O'Neill", "snake_case camelCase kebab-case", "\u200b\u200d\ufeffzero",
]  # fmt: skip


def in_order(*steps):
    return pre_tokenizers.Sequence(list(steps))


def byte_level(regex: bool):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)


def split(pattern: str):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


CUTS = {
    "gpt-2": (byte_level(True), None, False),
    "smollm": (in_order(pre_tokenizers.Digits(individual_digits=True), byte_level(True)), None, False),
    "qwen2": (in_order(split(rf"{WORDS}|\p{{N}}|{REST}"), byte_level(False)), normalizers.NFC(), False),
    "smaug-bpe": (in_order(split(rf"{WORDS}|\p{{N}}{{1,3}}|{REST}"), byte_level(False)), None, False),
    "llama-bpe": (in_order(split(rf"{WORDS}|\p{{N}}{{1,3}}|{REST}"), byte_level(False)), None, True),
}


def finished(tokenizer: Tokenizer, **special) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **special)


def bytes_tokenizer(name: str = "smollm", vocabulary: int = 500) -> PreTrainedTokenizerFast:
    """Byte-level BPE with the cut that llama.cpp calls `name`, two special tokens, and an added one that is not special."""
    cut, normalizer, whole = CUTS[name]
    tokenizer = Tokenizer(models.BPE(ignore_merges=whole))
    tokenizer.pre_tokenizer, tokenizer.decoder = cut, decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|begin|>", "<|end|>", "<|pad|>"]
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False)])
    return finished(tokenizer, bos_token="<|begin|>", eos_token="<|end|>", pad_token="<|pad|>")


def pieces_tokenizer(normalizer=None, cut=None, complete: bool = True) -> PreTrainedTokenizerFast:
    """As SentencePiece's BPE in tokenizer.json: bytes for what is unknown, "▁" for spaces, every way to put a token together a merge."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained.train_from_iterator(TEXTS[:2] * 3, trainers.BpeTrainer(vocab_size=420, show_progress=False))
    words = sorted(trained.get_vocab(), key=trained.get_vocab().get)
    characters, merged = [word for word in words if len(word) == 1], [word for word in words if len(word) > 1]
    order = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *merged, *characters]
    vocabulary = {token: index for index, token in enumerate(order)}
    ways = [(word[:at], word[at:]) for word in merged for at in range(1, len(word)) if word[:at] in vocabulary and word[at:] in vocabulary]
    merges = ways if complete else ways[::2]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizer or normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    if cut:
        tokenizer.normalizer, tokenizer.pre_tokenizer = None, cut
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in order[:3]])
    return finished(tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def model(folder: Path, family: str = "llama", **options) -> Path:
    """A random model of two layers, wide enough for K-quants, with weights large enough to be sure of something."""
    sizes = {
        "vocab_size": 512, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.08, "rope_theta": 5000.0,
        "bos_token_id": 0, "eos_token_id": 1,
    }  # fmt: skip
    torch.manual_seed(0)
    made = AutoModelForCausalLM.from_config(FAMILIES[family](**sizes | options))
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if parameter.dim() == 1:  # norms of one and biases of nought would hide where they belong
                parameter.copy_(torch.randn_like(parameter) * 0.2 + (1.0 if "norm" in name else 0.0))
    made.save_pretrained(folder)
    return folder


def checkpoint(folder: Path, family: str = "llama", tokenizer: PreTrainedTokenizerFast | None = None, **options) -> Path:
    """A model and a tokenizer."""
    (tokenizer or bytes_tokenizer()).save_pretrained(folder)
    return model(folder, family, **options)


def trained(folder: Path, **options) -> Path:
    """As training leaves it, but for training.json: a model and the tokenizer of the corpus."""
    from training import corpus

    tokenizer = corpus.train_tokenizer([f"The boat sails in {year}, and it isn't far. “So” what? — ünï" for year in range(1900, 1999)], 400)
    return checkpoint(folder, tokenizer=tokenizer, vocab_size=len(tokenizer), tie_word_embeddings=True, **options)


def torch_logits(found, ids: list[int]) -> np.ndarray:
    """(tokens, vocabulary)."""
    with torch.inference_mode():
        return found(torch.tensor([ids])).logits[0].numpy()


def loaded(folder: Path):
    return AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()


def llama_logits(path: Path, ids: list[int], adapter: Path | None = None) -> np.ndarray:
    """The same by llama.cpp."""
    import llama_cpp

    extra = {"lora_path": str(adapter)} if adapter else {}
    whole = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32}  # keys and values are F16 if nothing is said
    run = llama_cpp.Llama(str(path), n_ctx=512, logits_all=True, verbose=False, n_threads=1, **whole, **extra)
    run.eval(ids)
    scores = np.array(run.scores[: len(ids)])
    run.close()
    return scores


def shaken(found, settings):
    """`found` with an adapter whose matrices are not nought."""
    from peft import get_peft_model

    torch.manual_seed(1)
    made = get_peft_model(found, settings).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "lora_" in name or "trainable_tokens_delta" in name:
                parameter.copy_(torch.randn_like(parameter) * 0.08)
    return made


def adapted(base: Path, out: Path, **options):
    """A base with a LoRA adapter, which is saved in `out`."""
    from peft import LoraConfig

    usual = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
    made = shaken(loaded(base), LoraConfig(**usual | options))
    made.save_pretrained(out)
    return made


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))
