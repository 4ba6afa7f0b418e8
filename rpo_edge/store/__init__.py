"""What `rpo_edge.history` is made of: the file, its tables, what is counted and found in it, and how texts leave it for good.

files.py       opening, locks, the bytes on disk        forgetting.py  deleting for good, and the receipt
keys.py        where an encrypted store's key is        encryption.py  encrypt, decrypt, change the key
migrations.py  the tables                               copies.py      rows for export, backups
counting.py    what a profile is read from              measuring.py   counts of many texts, on all cores
search.py      which words the index is asked for       terms.py       indexes in memory
timeline.py    counts by month, what changed lately     states.py      what a model has computed of a prompt's beginning
items.py       rows of texts, each put in once          part.py        the texts of one source or kind, by `within.py`
"""
