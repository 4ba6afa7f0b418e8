"""`python -m export COMMAND`: one command, one file, whose text says what it does."""

from __future__ import annotations

import sys
from importlib import import_module

from rpo_edge.errors import OptionalDependencyError, RpoEdgeError

COMMANDS = {
    "adapter": "export.formats.adapter",
    "checkpoint": "export.checkpoint",
    "edit": "export.edit",
    "generative": "export.generative",
    "gguf": "export.formats.gguf",
    "merge": "export.merge",
    "onnx": "export.formats.causal_onnx",
    "verify": "export.verify",
}


def main() -> None:
    """Hand the remaining arguments to the command's own `main`."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python -m export {{{','.join(COMMANDS)}}} [options]")
    try:
        _command(COMMANDS[sys.argv[1]])(sys.argv[2:])
    except RpoEdgeError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def _command(module: str):  # type: ignore[no-untyped-def]  # each command's main(list[str]) -> None
    try:
        return import_module(module).main
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package in ("", "export", "rpo_edge"):
            raise
        raise OptionalDependencyError(package, "export") from error


if __name__ == "__main__":
    main()
