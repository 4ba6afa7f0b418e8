"""The card of a pretrained base: what it is, what it was trained on, how well it predicts, and how it sounds."""

from __future__ import annotations

from typing import Any


def card(figures: dict[str, Any], samples: list[str]) -> str:
    """Markdown, from what `pretraining.json` holds and the texts that the model wrote."""
    size, speed = figures["config"]["size"], figures["tokens_per_second"]
    used = f", {100 * figures['mfu']:.0f}% of the card's bf16 peak" if figures["mfu"] else ""
    sources = "\n".join(f"| {name} | {fact['tokens']:,d} | {fact['licence']} |" for name, fact in figures["sources"].items())
    final = figures["validation"][-1][1] if figures["validation"] else {}
    validation = "\n".join(f"| {name} | {loss:.3f} |" for name, loss in final.items())
    every = max(1, len(figures["curve"]) // 20)
    curve = "\n".join(f"| {step} | {loss:.3f} |" for step, loss, _ in [*figures["curve"][::every], figures["curve"][-1]])
    written = "\n\n".join("> " + sample.replace("\n", "\n> ") for sample in samples)
    return f"""# A small base model of rpo-edge

A causal language model of the Llama family with {figures["parameters"]:,d} parameters ({size["layers"]} layers of width {size["hidden"]}), pretrained
from nothing on {figures["tokens"]:,d} tokens of English, to start the generative reflector from. It is no assistant: it was never taught to
follow instructions, and states falsehoods with ease.

Trained by `python -m training pretrain` on {figures["device"]} at {speed:,.0f} tokens/s{used}.

## Data

| source | tokens | licence |
|---|---|---|
{sources}

The encyclopaedia's text is by Wikipedia contributors under CC BY-SA 3.0, a part of the histories is under the same licence. The
abstracts come with summaries by another language model.

## Validation loss (nats a token, held-out documents)

| source | loss |
|---|---|
{validation}

## Curve

| step | training loss |
|---|---|
{curve}

## How it goes on

Greedy, with a penalty of 1.2 on repetition:

{written}
"""
