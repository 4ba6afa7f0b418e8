"""The parts of `python -m training evaluate`, a file each; `material.py` is what they share."""
