"""The parts of `python -m training evaluate`, a file each.

reflectors.py   what is evaluated: a model folder or a float32 checkpoint
material.py     what it is evaluated on, and what each process holds
outcome.py      what a part returns: figures, tables, failures
restoration.py  sizes.py  transfer.py  drafts.py  attribution.py  preferences.py  titles.py  agreement.py      the parts
report.py       the folder that `--out` names, of plots.py and failures.py
"""
