"""Whether an artifact says what its checkpoint says: the same texts through both, and what is told of it.

golden.py and strings.py are what is asked; reference.py answers in float32, ways.py as a device does, in a process of its own (child.py);
figures.py holds what came out, measuring.py puts all together, limits.py judges it, card.py tells it.
"""
