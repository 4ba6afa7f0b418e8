"""How `rules` follows each feature: one row for each that is not left to its rate alone.

Without a row, each place of a feature changes or stays by lot, so that the user's rate comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

from rpo_edge.features.shorthand import STANDARD

MAJORITY = 0.5
"""A form that is written more often than this needs no other evidence."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What sets a feature apart; each field's default is how most are."""

    uniform: bool = False
    """One way all over a text: both ways in one, as of spellings or apostrophes, are a slip and no habit."""
    once: bool = False
    """A text has it once, at an edge, so neither its neighbours nor a lot tell whether it should."""
    frame: bool = False
    """A greeting or sign-off: words of the user's that are put around a letter."""
    phrase: bool = False
    """A stock phrase: what is changed inside goes with it."""
    lead_in: bool = False
    """A phrase before a sentence, whose next word then begins it."""
    splits: bool = False
    """A change makes two sentences of one."""
    behind_stop: bool = False
    """It may stand behind a paragraph's last full stop, which then ends the paragraph."""
    first_letter: bool = False
    """It is the case of a word's first letter, and so comes after all other edits."""
    stated_only: bool = False
    """Shown in a profile and changed for nobody who does not ask: which mark a list has is that of the program it was written in."""
    per_word: bool = False
    """Who writes "require" need not write "inquire"; who writes "it's" may well write "they've"."""
    own_count: bool = False
    """Of each word, only what was seen of it counts: who writes "docs" need not write "u"."""
    seen_first: bool = False
    """Put in only where the user was seen to say so: what one must do is not all that one needs to."""
    at_least: float = 0.0
    """Followed only where the user does so at this share of the places: of some, a third is chance."""
    usual: float | None = None
    """Of models' sentences, how many have one (training/LOG.md, 6): a draft has one or none, which is no rate."""
    casual: str = ""
    """The variant that people write to friends, and not to those whom they call by a title."""
    standard: str = ""
    """The one variant that is not casual, where there are many."""

    @property
    def undivided(self) -> bool:
        """Whether all places of a text change or none."""
        return self.uniform or (self.once and not self.frame)

    def is_casual(self, variant: str) -> bool:
        """Whether only friends are written to so."""
        return variant == self.casual or bool(self.standard and variant != self.standard)


_POLICIES = {
    "opener": Policy(phrase=True, once=True),
    "closer": Policy(phrase=True, once=True, behind_stop=True),
    "announcement": Policy(phrase=True, lead_in=True, usual=0.006),
    "conclusion": Policy(phrase=True, lead_in=True, usual=0.01),
    "addition": Policy(phrase=True, lead_in=True),
    "greeting": Policy(frame=True, once=True),
    "greeting_mark": Policy(uniform=True),
    "sign_off": Policy(frame=True, once=True),
    "connective_contrast": Policy(casual="plain"),
    "connective_addition": Policy(casual="plain"),
    "connective_result": Policy(casual="plain"),
    "you_are": Policy(own_count=True, at_least=0.8, casual="ur"),  # some write "ur" for "your" alone
    "register": Policy(per_word=True),
    "spelling": Policy(uniform=True),
    "shorthand": Policy(own_count=True, standard=STANDARD),
    "please": Policy(at_least=MAJORITY),
    "obligation": Policy(seen_first=True),
    "person_word": Policy(uniform=True),
    "semicolon": Policy(splits=True),
    "oxford_comma": Policy(uniform=True),
    "clause_join": Policy(splits=True, per_word=True, at_least=MAJORITY),
    "clause_comma": Policy(at_least=MAJORITY),
    "exclamation": Policy(casual="!"),
    "exclamation:plain": Policy(at_least=MAJORITY, casual="!"),
    "last_stop": Policy(uniform=True, casual="none"),
    "ellipsis": Policy(uniform=True),
    "ampersand": Policy(casual="&"),
    "apostrophe": Policy(uniform=True, casual="none"),
    "title_stop": Policy(uniform=True),
    "heading": Policy(stated_only=True),
    "bullet": Policy(stated_only=True),
    "emoji": Policy(behind_stop=True),
    "emoji:lead": Policy(uniform=True, behind_stop=True),  # one item of a list does not keep its emoji alone
    "sentence_case": Policy(uniform=True, first_letter=True, casual="lower"),
    "pronoun_case": Policy(uniform=True, first_letter=True, casual="lower"),
}
_BY_LOT = Policy()


def policy(key: str) -> Policy:
    """Of a feature's key, or of its name where the key has no row of its own."""
    return _POLICIES.get(key) or _POLICIES.get(key.partition(":")[0], _BY_LOT)
