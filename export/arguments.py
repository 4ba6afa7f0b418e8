"""The options of a command, whose help is its module's text."""

from __future__ import annotations

import argparse


def parser(command: str, text: str | None) -> argparse.ArgumentParser:
    """For `python -m export COMMAND`. text: of the module, as it is written."""
    return argparse.ArgumentParser(
        prog=f"python -m export {command}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
