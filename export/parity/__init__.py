"""Whether an artifact says what its checkpoint says: the same texts through both, and what is told of it.

golden.py and strings.py are what is asked; reference.py answers in float32, ways.py as a device does, in a process of its own (child.py);
figures.py holds what came out, measuring.py puts all together, limits.py judges it, card.py tells it.
evaluations.py and suites.py add what `python -m training evaluate` found, which chapters.py tells, and shortfalls.py what that says against the model.
"""
