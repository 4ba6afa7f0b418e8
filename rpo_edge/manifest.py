"""A model folder: `manifest.json` beside the files it names.

    {"name": "edit-small", "kind": "edit", "files": {"model.onnx": "<sha256>", …}, "base": "…", "licence": "…",
     "quantization": "int8", "prompt_version": 0}

Of a generative model "prompt" is the form of prompts; where it is not named it is the one that our own models are trained on, in the
version of "prompt_version" (0: it reads none of ours). "adapter" names the one of the files that is a LoRA adapter to lay over the model,
if there is one. "items" are the history items that a prompt may show: as many as the model was trained to read; where it is not named, all
that fit.

Nothing of a folder is used before every byte of it has been checked against the manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rpo_edge.errors import ModelError

_NAME = "manifest.json"

TRAJECTORY, CHAT, AUTO = "trajectory", "chat", "auto"
"""Forms of prompts: of a model trained on trajectories, by the model's own chat template, and whichever of both the file itself shows."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself."""

    folder: Path
    name: str
    kind: str
    files: Mapping[str, str]
    base: str
    licence: str
    quantization: str
    prompt_version: int
    prompt: str = TRAJECTORY
    adapter: str = ""
    items: int | None = None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `folder/manifest.json`. Raises ModelError if it is absent or not of the form above."""
        try:
            data = json.loads((folder / _NAME).read_text("utf-8"))
            fields = {key: str(data[key]) for key in ("name", "kind", "base", "licence", "quantization")}
            files = {str(name): str(digest) for name, digest in data["files"].items()}
            form = {"prompt": str(data.get("prompt", TRAJECTORY)), "adapter": str(data.get("adapter", ""))}
            items = None if data.get("items") is None else int(data["items"])
            return cls(folder, files=files, prompt_version=int(data["prompt_version"]), items=items, **form, **fields)
        except FileNotFoundError as error:
            raise ModelError(f"no model at {folder}: {_NAME} is not there") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"the model at {folder} is damaged: {_NAME} cannot be read") from error

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """A GGUF file by itself as if it lay in a model folder. Raises ModelError where it cannot be read."""
        return cls(path.parent, path.stem, "generative", {path.name: digest(path)}, "unknown", "unknown", "unknown", 0, AUTO)

    def save(self) -> None:
        """Write `manifest.json` into the folder, which has none."""
        fields = (
            "name",
            "kind",
            "files",
            "base",
            "licence",
            "quantization",
            "prompt_version",
            "prompt",
            *(["adapter"] if self.adapter else ()),
            *(["items"] if self.items is not None else ()),
        )
        with (self.folder / _NAME).open("x", encoding="utf-8", newline="\n") as file:
            json.dump({name: getattr(self, name) for name in fields}, file, indent=2, ensure_ascii=False)

    def verify(self) -> None:
        """Raises ModelError unless each named file lies in the folder with the sha256 that the manifest gives."""
        for name, expected in self.files.items():
            if Path(name).name != name:
                raise ModelError(f"the model at {self.folder} is damaged: {name!r} points out of its folder")
            if digest(self.folder / name) != expected:
                raise ModelError(f"the model at {self.folder} was altered: {name} is not what its manifest says")

    @property
    def sha256(self) -> str:
        """One digest for the folder: over names and digests of its files, sorted."""
        lines = "".join(f"{found}  {name}\n" for name, found in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def digest(path: Path) -> str:
    """The sha256 of a file of a model. Raises ModelError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"the model at {path.parent} is damaged: {path.name} cannot be read") from error


def embedded() -> list[Path]:
    """Folders of the models that came with the package."""
    return sorted(path.parent for path in (Path(__file__).parent / "models").glob(f"*/{_NAME}"))
