"""A recipe pins a run: one TOML file a reflector, one table for each stage, in `recipes/`. `--set NAME=VALUE` changes an option of one run."""

from __future__ import annotations

import subprocess
import tomllib
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

RECIPES = Path(__file__).parent / "recipes"
REFLECTORS = ("edit", "generative")

Config = TypeVar("Config")


def commit() -> str:
    """Of this code, for the facts of a run; "" outside a repository."""
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()


def parser(command: str, text: str | None) -> ArgumentParser:
    """The options of `python -m training COMMAND`, whose help begins with its module's text."""
    return ArgumentParser(prog=f"python -m training {command}", description=text, formatter_class=RawDescriptionHelpFormatter)


def arguments(parser: ArgumentParser) -> None:
    """--reflector, --recipe and --set."""
    parser.add_argument("--reflector", choices=REFLECTORS, default="edit")
    parser.add_argument("--recipe", type=Path, help="TOML file (default: the reflector's own)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another value, as TOML, for an option of the recipe"
    )


def chosen(options: Namespace, stage: str, config: type[Config]) -> Config:
    """A stage's configuration. Raises ValueError for an option that it has not."""
    path = options.recipe or RECIPES / f"{options.reflector}.toml"
    return read(path, stage, config, options.set)


def read(path: Path, stage: str, config: type[Config], changes: Iterable[str] = ()) -> Config:
    """The table `stage` of a recipe, and changes to it ("steps=3", "tuning='lora'")."""
    values: dict[str, Any] = tomllib.loads(path.read_text("utf-8")).get(stage, {})
    for change in changes:
        values |= tomllib.loads(change)
    if unknown := sorted(set(values) - {field.name for field in fields(config)}):  # type: ignore[arg-type]
        raise ValueError(f"{path} [{stage}] has no option {', '.join(unknown)}; there are: {', '.join(f.name for f in fields(config))}")  # type: ignore[arg-type]
    return config(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    """Lists as tuples, so that a configuration can be compared with one that was kept."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
