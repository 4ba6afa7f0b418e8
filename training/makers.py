"""Whose answers weights that ship may be trained on: the models of the research data, one by one, by how their names begin.

A name is taken in lower case and without the organisation before it. What a collection's licence grants is its uploader's to give; the terms
of a model's own maker come on top, and those are what these two tables are about. Where it is not certain that they allow training on
answers, the model is left out: its drafts are for evaluation alone. Whoever moves a row changes what every recipe draws.
"""

from __future__ import annotations

PERMITTED = {
    "mistral": "Mistral 7B: Apache-2.0",
    "phi": "Phi-3: MIT",
    "qwen1.5": "Qwen1.5-72B: Alibaba's Tongyi Qianwen licence. Answers may improve no other large language model, which an encoder that labels "
    "words is not: generative weights that ship need a set without them (`without` of the builder `persona`)",
    "oasst-pythia": "Pythia (Apache-2.0), tuned on Open Assistant's conversations alone (Apache-2.0)",
    "oasst-1_12b": "as oasst-pythia",
    "oasst-sft-1-pythia": "as oasst-pythia",
    "falcon-40b-sft-top1": "Falcon 40B (Apache-2.0), tuned on Open Assistant's conversations alone",
}
"""How the names of models begin whose terms allow it, and the terms. Nothing that ships is trained on others' answers."""

LEFT_OUT = {
    "OpenAI's terms forbid models that compete": ("gpt-3", "gpt-4", "gpt 3", "gpt 4", "gpt35", "o3-"),
    "Anthropic's terms forbid models that compete": ("claude",),
    "Google's terms: of PaLM and Bard no models that compete, of Gemma whatever is trained on its answers falls under them": ("palm", "bard", "gemma"),
    "Meta's licences: Llama 1 is for research, answers of 2 and 3 may improve no other language model; most of these were tuned on OpenAI's answers, too": (
        *("llama", "meta-llama", "code llama", "codellama", "alpaca", "vicuna", "koala", "guanaco", "wizardlm", "dolphin", "nous-hermes", "openorca"),
        *("platypus", "stablebeluga", "airoboros", "chronos", "mytho", "mythalion", "remm", "oasst-sft-5-llama", "oasst-sft-7", "oasst-rlhf"),
    ),
    "the weights are free, yet tuned on answers of OpenAI's models": (
        *("openchat", "starling", "sky-t1", "bloom-7b", "cerebras-gpt", "opt-7b", "pythia-6.9b", "falcon instruct", "falcon-40b-instruct", "mpt"),
        *("falcon-40b-sft-mix", "falcon-7b-sft-mix", "falcon-40b-megacode2", "pythia-12b-sft-v8", "open-assistant pythia", "open-assistant stablelm"),
    ),
    "what it was tuned on is not known for certain": ("falcon-40b-lora", "open-llama-chat", "weaver", "gpt-neoxt", "pythia-chat-base", "starcoderchat"),
    "a service, or weights for research, whose maker's terms nobody has checked": ("command", "jurassic", "luminous", "reka"),
    "as Qwen1.5, and six answers": ("qwen-chat",),
    "the weights are MIT, which allows it; where these answers were hosted, and under which terms, is not recorded": ("deepseek",),
    "the terms allow it (MIT; Apache-2.0), but some ten answers are not worth another set than the one that shipped weights were trained on": ("dolly", "redpajama"),
    "Apache-2.0 allows it; held out of fine-tuning, so that reinforcement learning starts from drafts that no weights have seen": ("mixtral",),
}  # fmt: skip
"""Why others are not trained on -> how their names begin."""


def plain_name(model: str) -> str:
    """ "Mistral-7B-Instruct-v0.1" for "mistralai/Mistral-7B-Instruct-v0.1": the same model in two collections."""
    return model.rpartition("/")[2]


def permitted(model: str) -> bool:
    """Whether weights that ship may be trained on its answers. Of a model that no table has: no."""
    return plain_name(model).lower().startswith(tuple(PERMITTED))


def reasons(model: str) -> list[str]:
    """What LEFT_OUT says of a model; one reason where the tables are right, none of one that is permitted or not known."""
    name = plain_name(model).lower()
    return [] if permitted(model) else [reason for reason, beginnings in LEFT_OUT.items() if name.startswith(beginnings)]
