"""Adjectives and adverbs: by what they are said of, and whether that is denied or compared. "A rapid response", not "a rapid onset"."""

from __future__ import annotations

import re

from rpo_edge.features.context import AUXILIARIES, DETERMINERS, PREPOSITIONS, SUBJECTS, listed, words_before
from rpo_edge.features.senses.use import Sense, Use, not_after, not_before, of_each
from rpo_edge.lexicon import NEGATIONS, NUMBER_WORDS

_DEGREES = listed("very really extremely quite so too and or as")
_COMPARED = listed("more most less least")
_SHORT_IS = listed("he's she's it's that's what's who's there's")
_PERSONS = listed("i you he she we they who him her them")
_ONE_OF_SEVERAL = frozenset(["", "and", "or", "but", "yet"])
_STILL = listed("not still also even often always sometimes just such rather much far")
_GIVEN = listed(
    "breakfast wifi wi-fi internet parking drink drinks ticket tickets copy copies upgrade shuttle coffee tea water access consultation meal meals snack "
    "snacks shipping delivery trial gift transfer admission pass passes entry subscription bottle"
)
_PEOPLE = listed(
    "person people customer customers child children man men woman women boss client clients guest guests patient patients student students "
    "colleague colleagues neighbour neighbours neighbor neighbors parent parents teacher teachers baby toddler character personality"
)
_HARD_THINGS = listed(
    "it this that these those which what life things thing task tasks exam test tests question questions problem problems job work time times part "
    "course class book books game level step process decision decisions situation choice topic language subject "
    "it's that's what's"
)
"""What is hard when it is difficult; of a person, that would be another thing to say."""
_ASKED = listed("task tasks problem problem problems question questions job part time day week year to if for because but and")
_ADVISED_AFTER = listed("is be was always generally often usually also probably therefore")
_FOUND = listed("difference differences change changes increase decrease improvement improvements")
_TEAMS = listed("team teams unit units force")
_OF_STUDIES = re.compile(
    r"\bp ?[<>=≤≥]|\bp-values?\b|\bstatistic|\bet al\b|\b(?:ANOVA|t-tests?|cohorts?|placebo|hypothesis|hypotheses|confidence intervals?)\b|"
    r"\([^()\n]{1,60}\b(?:19|20)\d\d[a-z]?\)"
)
_NUMBER_NEXT = re.compile(
    rf"\s(?:[$£€~]?\d|\$|\\\(|(?:{'|'.join(sorted(NUMBER_WORDS))}|one|a|an|the|half|halfway|once|equal|every|each|how|as|that|this|where|when|what)\b)",
    re.IGNORECASE,
)
_FAST = listed(
    "response responses reply replies recovery pace growth progress progression change changes advance advances advancement delivery feedback results "
    "movement movements turnaround service learning rate iteration iterations and but"
)
"""What is rapid and may be called fast; a "rapid antigen test" and "rapid prototyping" are terms."""
_LABOURED = listed("breathing swallowing birth births labor labour delivery pregnancy airway")
_INTELLIGENT_TERMS = listed("design designs designer designers life agent agents being beings species alien aliens tutoring transportation")
_COUNTED = listed("number amount quantity level degree extent condition conditions statistic statistics")
_NOT_ENOUGH = listed("no a the this that these and or but necessary not")
_HARDLY = listed("hardly barely scarcely")
_EVERYDAY_LY = listed("truly really very")


def _describes(use: Use) -> bool:
    """ "a more challenging task", not "challenging the idea"."""
    return use.after not in DETERMINERS | SUBJECTS


def _is_hard(use: Use) -> bool:
    """Of the bare form, in the company of a quality: "a challenging task", "it is challenging to"."""
    company = use.before in DETERMINERS | AUXILIARIES | _DEGREES or use.before.endswith("ly") or use.before in ("it", "them")
    return company and (not use.after or use.after in _ASKED)


def _is_plainly(use: Use) -> bool:
    """Not compared, since its twin compares otherwise: "more crucial"."""
    return use.before not in _COMPARED


def _is_denied(use: Use) -> bool:
    """ "not crucial", "does not play a crucial role": what is not crucial may still be important."""
    return any(word in NEGATIONS | _HARDLY or word.endswith("n't") for word in words_before(use.text, use.start))


def _unless_denied(sense: Sense | None = None) -> Sense:
    return lambda use: not _is_denied(use) and (sense is None or sense(use))


def _is_fast(use: Use) -> bool:
    """ "a rapid response", not "a rapid onset"."""
    return _is_plainly(use) and (not use.after or use.after in _FAST) and not use.near(_TEAMS, 2)


def _is_big(use: Use) -> bool:
    """Not in the report of a study, where it is said of a test: "significant differences were found (p < .05)"."""
    found = {use.text[use.start : use.end].lower().split()[-1], use.after} & _FOUND
    return not use.before.endswith("ly") and not (found and use.is_amid(_OF_STUDIES))


def _is_about(use: Use) -> bool:
    """Before a number: "about 5", not "the about normal one"."""
    return use.before not in ("the", "a", "an") and bool(_NUMBER_NEXT.match(use.text, use.end))


def _is_smart(use: Use) -> bool:
    """Not "emotionally intelligent", nor "more reliable and intelligent", nor "intelligent design"."""
    return (
        _is_plainly(use)
        and use.after not in _INTELLIGENT_TERMS
        and use.before != "and"
        and (not use.before.endswith("ly") or use.before in _EVERYDAY_LY)
    )


def _is_often(use: Use) -> bool:
    """Not "the frequently accessed files"."""
    done = use.after.endswith(("ed", "en")) or use.after in ("used", "asked")
    return use.before not in ("so", *_COMPARED) and not (done and use.before not in AUXILIARIES | SUBJECTS)


def _is_enough(use: Use) -> bool:
    """ "a sufficient reason" has no "enough", nor have "sufficient conditions"."""
    return use.before not in _NOT_ENOUGH and use.after not in _COUNTED


def _is_helpful(use: Use) -> bool:
    """ "it is beneficial for", not "a beneficial effect", nor "mutually beneficial"."""
    company = use.before in AUXILIARIES | _DEGREES | _COMPARED | frozenset(["also", "highly", "particularly", "especially"])
    return company and (not use.after or use.after in PREPOSITIONS | frozenset(["if", "when", "because", "and", "but"]))


def _is_hard_to_do(use: Use) -> bool:
    """ "it is difficult", "a difficult task", "he is difficult to please"; not "he is difficult", nor "a difficult colleague", nor "difficult breathing"."""
    if use.after in _PEOPLE | _LABOURED or use.before in _PERSONS or (use.is_alone and not use.begins and use.before in _ONE_OF_SEVERAL):
        return False
    said = words_before(use.text, use.start)
    while said and (said[-1] in _DEGREES | _COMPARED | _STILL or said[-1].endswith("ly")):
        said.pop()
    is_said = bool(said) and (said[-1] in AUXILIARIES | _SHORT_IS or said[-1].endswith(("'re", "'m", "n't")))
    while said and (said[-1] in AUXILIARIES or said[-1].endswith("n't")):
        said.pop()
    return not is_said or use.after == "to" or (bool(said) and said[-1] in _HARD_THINGS)


MODIFIERS: dict[str, Sense] = {
    "approximately": _is_about,  # not "= 13 (approximately)"
    "complimentary": lambda use: use.near(_GIVEN, 2) and use.before not in AUXILIARIES,  # of a remark, it is praise
    # "the currently selected row"; and "Now," goes on with a tale
    "currently": lambda use: use.before not in DETERMINERS | NEGATIONS and not use.before.endswith("n't") and not use.begins,
    "difficult": lambda use: _is_plainly(use) and _is_hard_to_do(use),
    **of_each("more_difficult most_difficult", _is_hard_to_do),
    **of_each("advisable_to best_to", lambda use: use.before in _ADVISED_AFTER or use.before.endswith("'s")),  # not "how best to"
    **of_each("wealthy inexpensive", _is_plainly),
    **of_each("crucial pivotal lengthy numerous", _unless_denied(_is_plainly)),
    **of_each("an_essential a_vital considerably", _unless_denied()),
    "rapid": _is_fast,
    "intelligent": _is_smart,
    "beneficial": _is_helpful,
    "challenging": _is_hard,
    **of_each("more_challenging most_challenging", _describes),
    "merely": lambda use: use.before not in DETERMINERS,
    "solely": lambda use: use.after in PREPOSITIONS or use.after == "because",  # "solely responsible" shares with nobody
    "sufficient": _is_enough,
    **of_each("often frequently", _is_often),
    "rapidly": lambda use: not (use.before in DETERMINERS and use.after.endswith("ing")),
    "usually": not_after("than", "as"),
    "additional": not_before("question", "questions", "insights"),
    **of_each("and_therefore and_thus", lambda use: use.after in SUBJECTS),
    "meticulous": _unless_denied(not_before("nature", "person", "planner")),
    **of_each("perhaps maybe", lambda use: "just" not in (use.before, use.after) and not use.text.startswith(", just", use.end)),
    **of_each("significant a_significant a_big", _unless_denied(_is_big)),
    **of_each("entire", not_before("function", "functions", "leaf", "leaves")),  # in mathematics and botany, words of their own
    "the optimal": not_before("control", "stopping", "transport", "substructure", "policy", "policies", "design", "foraging"),
}
