"""`python -m rpo_edge` is `rpo-edge`."""

from rpo_edge.cli import main

if __name__ == "__main__":
    main()
