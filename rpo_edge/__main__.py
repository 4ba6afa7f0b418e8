"""The program's way in: `rpo-edge`, and `python -m rpo_edge`."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line. Interrupted while that is imported, it ends as it does later: with exit code 130, and without a word."""
    try:
        from rpo_edge import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
