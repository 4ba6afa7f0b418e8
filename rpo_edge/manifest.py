"""A model folder: `manifest.json` beside the files it names.

    {"name": "edit-small", "kind": "edit", "files": {"model.onnx": "<sha256>", …}, "base": "…", "licence": "…",
     "quantization": "int8", "prompt_version": 1}

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

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `folder/manifest.json`. Raises ModelError if it is absent or not of the form above."""
        try:
            data = json.loads((folder / _NAME).read_text("utf-8"))
            fields = {key: str(data[key]) for key in ("name", "kind", "base", "licence", "quantization")}
            files = {str(name): str(digest) for name, digest in data["files"].items()}
            return cls(folder, files=files, prompt_version=int(data["prompt_version"]), **fields)
        except FileNotFoundError as error:
            raise ModelError(f"no model at {folder}: {_NAME} is not there") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"the model at {folder} is damaged: {_NAME} cannot be read") from error

    def verify(self) -> None:
        """Raises ModelError unless each named file lies in the folder with the sha256 that the manifest gives."""
        for name, digest in self.files.items():
            if Path(name).name != name:
                raise ModelError(f"the model at {self.folder} is damaged: {name!r} points out of its folder")
            try:
                with (self.folder / name).open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise ModelError(f"the model at {self.folder} is damaged: {name} cannot be read") from error
            if found != digest:
                raise ModelError(f"the model at {self.folder} was altered: {name} is not what its manifest says")

    @property
    def sha256(self) -> str:
        """One digest for the folder: over names and digests of its files, sorted."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def embedded() -> list[Path]:
    """Folders of the models that came with the package."""
    return sorted(path.parent for path in (Path(__file__).parent / "models").glob(f"*/{_NAME}"))
