"""Whether a formal or plain word is used as its pair means it: by the words beside it, of each pair's word or words.

Where nothing is said here, a pair's words mean the same wherever grammar lets both stand.
"""

from rpo_edge.features.senses.modifiers import MODIFIERS
from rpo_edge.features.senses.nouns import NOUNS
from rpo_edge.features.senses.use import Sense
from rpo_edge.features.senses.verbs import VERBS

SENSES: dict[str, Sense] = {**VERBS, **MODIFIERS, **NOUNS}
"""By a form, its first two words or its first."""
