"""Reinforcement learning, from a fine-tuned checkpoint.

    python -m training rl CHECKPOINT OUT --style STYLE [--reflector edit|generative] [--recipe FILE] [--set kl=0.1 …]

STYLE is a folder of `python -m training style`; it is needed where the recipe weighs style. What is learnt, and how, is said in
`edit/rl.py` and `generative/rl.py`. OUT becomes a checkpoint folder with its curves as PNG and TensorBoard's events, and keeps its state:
the same command goes on. Of a generative reflector, on several GPUs and with vLLM: docs/training.md.
"""

from __future__ import annotations

from pathlib import Path

from training import data, recipe
from training.makers import plain_name
from training.rewards import Composite, table
from training.trajectories.base import authors


def of_model(name: str) -> list[str]:
    """Train-split answers, without code, of models whose names, in lower case, begin so. Raises ValueError where there are none."""
    rows = list(data.rows("drafts/00", "train"))
    found = [row["response"] for row in rows if plain_name(row["model"]).lower().startswith(name) and "```" not in row["response"]]
    if not found:
        raise ValueError(
            f"no answers are of a model whose name begins with {name!r}; there are: {', '.join(sorted({row['model'] for row in rows}))}"
        )
    return found


def composite(weights: dict[str, float], style: Path | None) -> Composite:
    """The recipe's reward. Raises ValueError for a name that is none, and where style weighs anything and there is no encoder of it."""
    if style is None and weights.get("style"):
        raise ValueError(
            "the recipe weighs style: name a folder of `python -m training style` with --style, or weigh others (--set weights=…)"
        )
    if style is None:
        return Composite(weights, table())
    from training.rewards.style import Style
    from training.style_encoder import StyleEncoder

    return Composite(weights, table(Style(StyleEncoder.load(style))))


def main(argv: list[str]) -> None:
    """Choose the reflector; the rest is its own."""
    parser = recipe.parser("rl", __doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--style", type=Path)
    recipe.arguments(parser)
    options = parser.parse_args(argv)
    if options.reflector == "edit":
        from training.edit import rl as edit

        config = recipe.chosen(options, "rl", edit.Config)
        edit.run(
            options.checkpoint,
            list(authors("train")),
            of_model(config.drafts),
            composite(config.weights, options.style),
            options.out,
            config,
        )
        return
    from training.generative import rl as generative

    chosen = recipe.chosen(options, "rl", generative.Config)
    reward = composite(chosen.weights, options.style)
    generative.run(options.checkpoint, list(authors("train")), of_model(chosen.drafts), reward, options.out, chosen)
