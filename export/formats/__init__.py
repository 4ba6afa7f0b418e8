"""One file a format: export(checkpoint, out) -> the path of the written model."""
