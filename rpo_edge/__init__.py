"""rpo-edge: a cloud model's answer in the user's own manner, rewritten on the user's device.

    from rpo_edge import History, Personalizer

    with History.open("history.db") as history:
        print(Personalizer(history).rewrite(draft).text)

Names are looked up when first used, so that `import rpo_edge` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rpo_edge.errors import ImportProblems, InputError, ModelError, OptionalDependencyError, ReflectorError, RpoEdgeError, StoreError
    from rpo_edge.history import Counter, History
    from rpo_edge.pipeline import Personalizer, Windows
    from rpo_edge.records import (
        Edit,
        Evidence,
        Habit,
        HistoryItem,
        Observation,
        ReflectorInfo,
        Reverted,
        Rewrite,
        StyleProfile,
        Verdict,
    )
    from rpo_edge.reflectors.base import Reflection, Reflector, Window
    from rpo_edge.steps.retrieve import Mix
    from rpo_edge.store.forgetting import Receipt
    from rpo_edge.store.part import Part
    from rpo_edge.store.states import KeptStates
    from rpo_edge.store.timeline import Change, Estimate, Latest, Month, Sample, Timeline
    from rpo_edge.streaming import Stream

__version__ = "0.1.0"

_HOMES = {
    "rpo_edge.errors": "ImportProblems InputError ModelError OptionalDependencyError ReflectorError RpoEdgeError StoreError",
    "rpo_edge.history": "Counter History",
    "rpo_edge.pipeline": "Personalizer Windows",
    "rpo_edge.records": "Edit Evidence Habit HistoryItem Observation ReflectorInfo Reverted Rewrite StyleProfile Verdict",
    "rpo_edge.reflectors.base": "Reflection Reflector Window",
    "rpo_edge.steps.retrieve": "Mix",
    "rpo_edge.store.forgetting": "Receipt",
    "rpo_edge.store.part": "Part",
    "rpo_edge.store.states": "KeptStates",
    "rpo_edge.store.timeline": "Change Estimate Latest Month Sample Timeline",
    "rpo_edge.streaming": "Stream",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Change", "Counter", "Edit", "Estimate", "Evidence", "Habit", "History", "HistoryItem", "ImportProblems", "InputError", "KeptStates",
    "Latest", "Mix", "ModelError", "Month", "Observation", "OptionalDependencyError", "Part", "Personalizer", "Receipt", "Reflection",
    "Reflector", "ReflectorError", "ReflectorInfo", "Reverted", "Rewrite", "RpoEdgeError", "Sample", "StoreError", "Stream",
    "StyleProfile", "Timeline", "Verdict", "Window", "Windows",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rpo_edge' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
