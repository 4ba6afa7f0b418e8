"""Whether a GGUF file may be given to llama.cpp, and what it says of itself.

Parsers of GGUF hang or blow up on crafted files, and a chat template is a program. Both are dealt with in a process of their own with a
time limit, and a memory limit where the system has such (`header.limit`). Not covered: tensors whose values are bad, and faults of
llama.cpp itself in files that are well formed.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpo_edge.errors import ModelError
from rpo_edge.interpreter import python
from rpo_edge.prompt import SPECIAL_TOKENS
from rpo_edge.runtimes.header import SECONDS

_CHILD = "import sys; sys.path.append(sys.argv[1]); from rpo_edge.runtimes.header import main; main()"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that passed. control: tokens that texts must not be able to write; context: tokens, 0 where the file does not say.

    template: whether it has a chat template; frame: the template's pieces (`template.frame`), None where they cannot be told or jinja2 is
    missing.
    """

    architecture: str
    name: str
    licence: str
    quantization: str
    context: int
    control: tuple[str, ...]
    template: bool
    frame: tuple[str, str, str] | None

    @property
    def trained(self) -> bool:
        """Whether it was trained on trajectories: its vocabulary has the prompt's special tokens."""
        return set(SPECIAL_TOKENS) <= set(self.control)


def inspected(path: Path, seconds: float = SECONDS) -> Inspected:
    """Raises ModelError unless the file is a whole language model in GGUF (magic, version, counts, tensors inside the file)."""
    facts = _facts(path, seconds)
    if "adapter" in facts:
        raise ModelError(f"{path} holds no language model (but an adapter, which goes over one)")
    frame = facts.pop("frame")
    return Inspected(**facts | {"control": tuple(facts["control"])}, frame=tuple(frame) if frame else None)


def inspected_adapter(path: Path, architecture: str, seconds: float = SECONDS) -> int | None:
    """How many history items it was trained to read, if it says so. Raises ModelError unless the file is a LoRA adapter in GGUF for a model
    of this architecture."""
    facts = _facts(path, seconds)
    found = facts.get("adapter")
    if found != architecture:
        raise ModelError(f"{path} is an adapter for {found}, not for {architecture}" if found else f"{path} holds no LoRA adapter")
    items: int | None = facts["items"]
    return items


def _facts(path: Path, seconds: float) -> dict[str, Any]:
    answer = _answer(path, seconds)
    if "facts" not in answer:
        raise ModelError(f"{path} {answer.get('refused', 'cannot be read: its reader broke down')}")
    return dict(answer["facts"])


def _answer(path: Path, seconds: float) -> dict[str, Any]:
    if (program := python()) is None:
        return {
            "refused": "cannot be looked at: that needs a process of its own, and this application has no Python of its own to start one"
        }
    root = str(Path(__file__).resolve().parents[2])
    command = [program, "-PB", "-c", _CHILD, root, str(path.absolute())]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
        found = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"refused": f"cannot be read within {seconds:g} seconds"}
    except OSError as error:
        return {"refused": f"cannot be looked at: {error.strerror or error}"}
    except ValueError:
        return {}
    return dict(found)
