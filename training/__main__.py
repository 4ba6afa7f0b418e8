"""`python -m training COMMAND`: one command, one file, whose text says what it does."""

from __future__ import annotations

import sys
from importlib import import_module

from rpo_edge.errors import RpoEdgeError

COMMANDS = {
    "calibrate": "training.edit.calibrate",
    "ceiling": "training.ceiling",
    "corpus": "training.corpus",
    "evaluate": "training.evaluate",
    "fluency": "training.fluency",
    "formal": "training.formal",
    "lamp": "training.lamp",
    "pretrain": "training.pretrain",
    "retrieval": "training.retrieval",
    "rl": "training.rl",
    "sft": "training.sft",
    "style": "training.style_encoder",
    "teacher": "training.trajectories.teacher",
    "trajectories": "training.trajectories",
    "words": "training.words",
}


def main() -> None:
    """Hand the remaining arguments to the command's own `main`. Data, a folder or a file that is not there is said in one line."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python -m training {{{','.join(COMMANDS)}}} [options]")
    try:
        import_module(COMMANDS[sys.argv[1]]).main(sys.argv[2:])
    except (RpoEdgeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 2))


if __name__ == "__main__":
    main()
