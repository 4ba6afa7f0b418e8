"""Supervised fine-tuning on trajectories.

    python -m training sft TRAJECTORIES OUT [--reflector edit] [--recipe FILE] [--set steps=500 …]
    python -m training sft TRAJECTORIES OUT --reflector generative --base CHECKPOINT

TRAJECTORIES is a folder that `python -m training trajectories build` wrote; OUT becomes a checkpoint folder. What is learnt, and how, is said in
`edit/sft.py` and `generative/sft.py`. Interrupted, the same command goes on from the last state in OUT. Of a generative reflector, on several GPUs: docs/training.md.
"""

from __future__ import annotations

from pathlib import Path

from training import recipe


def main(argv: list[str]) -> None:
    """Choose the reflector; the rest is its own."""
    parser = recipe.parser("sft", __doc__)
    parser.add_argument("trajectories", type=Path)
    parser.add_argument("out", type=Path, help="checkpoint folder")
    parser.add_argument("--base", type=Path, help="of a generative reflector: a local causal model in safetensors")
    recipe.arguments(parser)
    options = parser.parse_args(argv)
    if options.reflector == "edit":
        from training.edit import sft

        sft.run(options.trajectories, options.out, recipe.chosen(options, "sft", sft.Config))
        return
    if options.base is None:
        parser.error("a generative reflector needs --base CHECKPOINT")
    from training.generative import sft as generative

    generative.run(options.trajectories, options.base, options.out, recipe.chosen(options, "sft", generative.Config))
