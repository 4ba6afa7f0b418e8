"""`python -m bench COMMAND [options]`: rewrite, history, rollouts, decode or serve; each is a file here, whose text says what it measures."""

from __future__ import annotations

import sys
from importlib import import_module

COMMANDS = ("rewrite", "history", "rollouts", "decode", "serve")

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:])
    else:
        sys.exit(f"usage: python -m bench {' | '.join(COMMANDS)} [options]")
