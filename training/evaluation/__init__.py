"""The parts of `python -m training evaluate`, a file each.

reflectors.py   what is evaluated: a model folder or a float32 checkpoint, of any of KINDS; causal.py runs the models that write
material.py     what it is evaluated on, and what each process holds
known.py        what a reflector is told of a user for one draft; crossed.py: parts of two users, the controls of restoration
outcome.py      what a part returns: figures, tables, failures, and what the right history adds
facts.py        what a rewrite lost and invented, by kind; rates.py: how far a text is from a user's rates
restoration.py  sizes.py  transfer.py  drafts.py  attribution.py  preferences.py  titles.py  agreement.py      the parts
report.py       the folder that `--out` names, of plots.py and failures.py
"""
