"""The one door to onnxruntime.

Since 1.29 onnxruntime reports usage over the network unless told otherwise before it is imported; this
module tells it. A test keeps every other module of the package from importing it.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from rpo_edge.errors import OptionalDependencyError


def onnxruntime() -> ModuleType:
    """The module, imported with its telemetry off. Raises OptionalDependencyError if it is not installed."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        return import_module("onnxruntime")
    except ImportError as error:
        raise OptionalDependencyError("onnxruntime") from error
