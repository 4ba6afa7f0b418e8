"""A LoRA adapter's folder, as peft leaves it: what it says of itself, its matrices, and where its base lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from export import inputs
from rpo_edge.errors import InputError

SETTINGS, WEIGHTS, PICKLED = inputs.ADAPTER, "adapter_model.safetensors", "adapter_model.bin"
PREFIX = "base_model.model."


@dataclass(frozen=True, slots=True)
class Adapter:
    """settings: adapter_config.json; base: the folder of the checkpoint that it was trained on."""

    folder: Path
    settings: Mapping[str, Any]
    base: Path

    @property
    def weights(self) -> Path:
        """The file of the matrices."""
        return self.folder / WEIGHTS

    def names(self) -> list[str]:
        """Of its tensors."""
        with inputs.reading(self.weights), safe_open(self.weights, framework="pt") as file:
            return sorted(file.keys())


def find(folder: Path, base: Path | None = None) -> Adapter:
    """Look at a folder. base: wins over what the adapter says. Raises InputError where one cannot be used, or is pickled."""
    settings = inputs.read_json(folder / SETTINGS)
    if settings.get("peft_type") != "LORA":
        raise InputError(f"{folder} is an adapter of the kind {settings.get('peft_type')!r}; only LORA is known")
    if not (folder / WEIGHTS).is_file():
        if (folder / PICKLED).exists():
            raise InputError(f"{folder} has its weights in {PICKLED}, which could run code when it is opened; save them as safetensors")
        raise InputError(f"{folder} lacks {WEIGHTS}")
    for candidate in [base] if base else places(folder, settings):
        if (candidate / "config.json").is_file():
            return Adapter(folder, settings, candidate)
    raise InputError(f"the base of {folder} is not at {base or settings.get('base_model_name_or_path')!s}; say where it is with --base")


def places(folder: Path, settings: Mapping[str, Any]) -> Iterator[Path]:
    """Where the base may lie: as the adapter says, seen from here or from the adapter."""
    if said := settings.get("base_model_name_or_path"):
        yield Path(said)
        yield folder / said
