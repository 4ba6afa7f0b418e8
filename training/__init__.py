"""The workshop: makes and measures reflectors. Lives in the repository only, never in the wheel.

The settings below must stand before any module of it imports trl, transformers or onnxruntime, which report what they are used for, or
fetch what they do not find, unless they are told not to.
"""

import os

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
