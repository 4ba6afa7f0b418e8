"""The workshop's last bench: from a trained checkpoint to a model folder that ships.

The two settings below must stand before onnxruntime and transformers are first imported, and this file runs before any
module of the package: neither library may call out, and a checkpoint that is not on this disk is an error, not a download.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
