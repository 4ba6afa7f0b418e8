"""Whether a formal or plain word is used as its pair means it: by the words beside it, of each pair's word or words.

Where nothing is said here, a pair's words mean the same wherever grammar lets both stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rpo_edge.features.context import (
    AUXILIARIES,
    DETERMINERS,
    MODALS,
    PLURALS,
    PREPOSITIONS,
    SUBJECTS,
    begins_sentence,
    is_plural,
    left_of,
    listed,
    right_of,
    word_after,
    words_before,
)
from rpo_edge.lexicon import NEGATIONS, NUMBER_WORDS


@dataclass(frozen=True, slots=True)
class Use:
    """A form in a text, and the words around it in lower case; "" where a mark comes first."""

    text: str
    start: int
    end: int
    before: str

    @property
    def after(self) -> str:
        """The next word."""
        return word_after(self.text, self.end)

    def near(self, words: frozenset[str], reach: int = 3) -> bool:
        """Whether one of these follows within so many words."""
        following = right_of(self.text, self.end)[:_NEAR].lower().split()[:reach]
        return any(word.strip("\"'“”‘’.,;:!?()*_") in words for word in following)

    @property
    def begins(self) -> bool:
        """Whether it begins a sentence, or a comma follows."""
        return begins_sentence(self.text, self.start) or self.text.startswith(",", self.end)


Sense = Callable[[Use], bool]
_NEAR = 80  # code points

_SOUGHT = (
    DETERMINERS | PREPOSITIONS | AUXILIARIES | listed("further more additional need want ask offer provide give seek request appreciate")
)
VERB_AFTER = AUXILIARIES | SUBJECTS | listed("to not who that which and or then please also usually often always never only just")
"""What a verb may follow."""
_ATTEMPT_AFTER = MODALS | listed("i you we they do does did not don't doesn't didn't won't can't cannot wouldn't couldn't shouldn't")
_DOES = listed(
    "he she it which who code script program function method loop query browser compiler server author paper article book film novel study researcher"
)
"""What "attempts" is a verb after: "the code attempts to", not "rescue attempts to"."""
_REMAIN_AFTER = MODALS | listed("that which who it they you we he she i")
_NO_STAYING = listed("doubt question touch home bed")
"""What one remains in and does not stay in, or the other way: "in doubt", "at home"."""
_FAULT_NEXT = re.compile(r" (?:[\w-]+ )?(?:issue|problem|error)s?\b(?! (?:of|between|among|with|that)\b)")
_INFORMATION = listed(
    "advice email guidance data help input feedback meeting letter news research debate insight law evidence knowledge policy doubt "
    "clarity talk conversation anything something nothing more"
)
_INFORMATION_ENDS = ("s", "tion", "sion", "ment", "ce", "ry", "ty")
_TELLS = listed("explores discusses says writes presents examines offers gives provides has is was")
_DEGREES = listed("very really extremely quite so too and or as")
_COMPARED = listed("more most less least")
_SHORT_IS = listed("he's she's it's that's what's who's there's")
_PERSONS = listed("i you he she we they who him her them")
_ONE_OF_SEVERAL = frozenset(["", "and", "or", "but", "yet"])
_STILL = listed("not still also even often always sometimes just such rather much far")
_SAID_OF_BELIEF = listed("it this that any")
_BUYS_ELSE = listed("into off out up")
_BELIEVED = listed(
    "argument arguments story stories idea explanation excuse excuses theory claim claims notion logic premise narrative lie lies myth hype line reason reasons "
    "reasoning time farm peace silence loyalty votes"
)
_GIVEN = listed(
    "breakfast wifi wi-fi internet parking drink drinks ticket tickets copy copies upgrade shuttle coffee tea water access consultation meal meals snack "
    "snacks shipping delivery trial gift transfer admission pass passes entry subscription bottle"
)
_OWED = listed("amount amounts balance fee fees money payment payments rent sum sums tax taxes owed respect credit thanks")
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
_PROPERTY = listed("property company companies shares stake land business businesses assets title")
_KNOWLEDGE = listed("understanding skill skills knowledge experience expertise attention")
_TABLE = listed("row rows column columns cell cells element elements text record records")
_MADE = listed("name names sentence sentences grammar grammars vector vectors proof proofs argument arguments set sets string strings")
_FOUND = listed("difference differences change changes increase decrease improvement improvements")
_TEAMS = listed("team teams unit units force")
_OF_STUDIES = re.compile(
    r"\bp ?[<>=≤≥]|\bp-values?\b|\bstatistic|\bet al\b|\b(?:ANOVA|t-tests?|cohorts?|placebo|hypothesis|hypotheses|confidence intervals?)\b|"
    r"\([^()\n]{1,60}\b(?:19|20)\d\d[a-z]?\)"
)
_REPORT = 200
"""Code points around a word in which a study may be told of."""
_NUMBER_NEXT = re.compile(
    rf"\s(?:[$£€~]?\d|\$|\\\(|(?:{'|'.join(sorted(NUMBER_WORDS))}|one|a|an|the|half|halfway|once|equal|every|each|how|as|that|this|where|when|what)\b)",
    re.IGNORECASE,
)
_TO_DO = re.compile(r"(?: [\w'’-]+){1,5} to\b(?! (?:a|an|the|this|that|these|those|my|your|our|his|her|their|its)\b)")
_MAGNITUDES = listed("value output speed stickiness rate rates number")
_FAST = listed(
    "response responses reply replies recovery pace growth progress progression change changes advance advances advancement delivery feedback results "
    "movement movements turnaround service learning rate iteration iterations and but"
)
"""What is rapid and may be called fast; a "rapid antigen test" and "rapid prototyping" are terms."""
_BODIES = listed("body patient patients witness witnesses evidence")
_OF_LIVING = re.compile(
    r"\b(?:species|offspring|organisms?|genetic\w*|traits?|mating|alleles?|genes?|evolution|herds?|plants?|animals?|"
    r"crossover|mutat\w+|chromosomes?|fittest|fitness (?:functions?|values?|scores?|of|is))\b",
    re.IGNORECASE,
)
"""Where individuals may be no people, but animals, or solutions that a program breeds."""
_OF_LAW = re.compile(
    r"\b(?:in good faith|part(?:y|ies)|courts?|arbitrat\w+|mediat\w+|disputes?|lawsuits?|litigation|plaintiffs?|defendants?)\b",
    re.IGNORECASE,
)
"""Where what is resolved is a dispute."""
_LABOURED = listed("breathing swallowing birth births labor labour delivery pregnancy airway")
_INTELLIGENT_TERMS = listed("design designs designer designers life agent agents being beings species alien aliens tutoring transportation")
_TRADES = listed("position positions trade trades transaction transactions discussion discussions pat")
_COUNTED = listed("number amount quantity level degree extent condition conditions statistic statistics")
_NOT_ENOUGH = listed("no a the this that these and or but necessary not")
_SAID_OF_NUMBERS = listed("is was there's represent represents denote denotes equals means gives enter specify count counts")
_HAVE_CHANCES = DETERMINERS | listed(
    "with more new great good have has had provide provides offer offers give gives create find seek and of"
)
_GOING_ALONG = listed("get gets getting got go goes going went come comes came play sing work works working worked")
_ODDS = listed("lose fail die survive win live hit occur happen be inflict bypass apply deal avoid")
"""What one may do by mere chance: "a chance to die" is no opportunity."""
_TAKEN = listed("take takes took taking taken")
_GIVES_CHANCES = listed("more many new great good better have has had provide provides offer offers give gives create find")
_GAZED_AT = listed(
    "eye eyes mirror mirrors camera cameras lens sky future past face faces distance sun hole void abyss room box window windows flames fire water "
    "crystal microscope telescope darkness night soul souls light heart hearts depths well glass"
)
"""What one looks into with one's eyes."""
_HARDLY = listed("hardly barely scarcely")
_SAYING = listed("that of about when if whether how what why")
_AIMS = listed("value values criteria criterion setting settings rule rules flag flags used")
_NO_OBJECT = listed("and or but if when as")
_ASSISTED = (DETERMINERS - {"most", "more", "few", "several", "no", "many"}) | listed(
    "me you him her it us them people users patients students customers clients"
)
_MAY_ASSIST = SUBJECTS | MODALS | listed("to please who that which also always gladly not don't doesn't didn't can't cannot")
_ASSISTS = listed("he she it who that which")
_AFTER_HELP = listed("and or but if when where because that which so please today now immediately required needed available")
_EVERYDAY_LY = listed("truly really very")
_MEASURED = listed("hills mountains peaks values numbers temperatures frequencies ages dates prices wavelengths speeds degrees years")
_FROM_TO = re.compile(r"(?: [\w'’-]+){1,4} (?:from|between) (?:\S+ ){1,3}(?:to|and)\b")
"""A range of hills, or of values from 0 to 9, is one thing."""
_SINGULAR = re.compile(r" (?:[\w-]+ ){1,3}(?:is|was|has|makes|does)\b")
_ENUMERATES = re.compile(r" (?:[\w'’-]+ ){0,2}[\w'’-]+s, (?!such|including|which|from|like|and|or|but|so|that)", re.IGNORECASE)
_IN_DOING = re.compile(r" (?:[\w'’-]+ ){1,4}in \w+ing\b")


def _asks_or_tells(use: Use) -> bool:
    """ "questions regarding", not "the highly regarding", nor at the start of a sentence."""
    before = use.before
    if not before:
        return not begins_sentence(use.text, use.start)
    if before in _TELLS:
        return False
    return before in _INFORMATION or (before.endswith(_INFORMATION_ENDS) and before not in DETERMINERS | AUXILIARIES)


def _are_many(use: Use) -> bool:
    """ "a number of books are", not where there "is" one, nor one that "is"."""
    one = use.before in ("is", "was", "be", "been", "being") or use.before.endswith("'s")
    return not one and not _SINGULAR.match(use.text, use.end)


def _is_many(use: Use) -> bool:
    """ "all kinds of books are", not "such a wide range of books"."""
    return use.before not in ("such", "over", "across") and not use.near(_MEASURED) and _are_many(use)


def _is_many_things(use: Use) -> bool:
    """ "a variety of fresh herbs", not "of food", nor one that "is", nor of fruits, nuts, and seeds."""
    things = right_of(use.text, use.end)[:_NEAR].split()[:2]
    named = any(is_plural(thing.rstrip(",:)*_")) for thing in things)
    inside = _ENUMERATES.match(use.text, use.end) or _FROM_TO.match(use.text, use.end)
    return named and use.before not in DETERMINERS and _is_many(use) and not inside


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


def _is_opportunity(use: Use) -> bool:
    """ "a chance to see it", not "a 10% chance to", nor "took a chance to"."""
    said = words_before(use.text, use.start)
    return bool(said) and _TAKEN.isdisjoint(said[-2:]) and not use.near(_ODDS, 2)


def _is_bought(use: Use) -> bool:
    """For money: not "I don't buy it", nor "he bought the farm", "to buy us time", "we bought into it"."""
    denied = use.before in NEGATIONS or use.before.endswith("n't")
    verb, _, what = use.text[use.start : use.end].lower().partition(" ")
    return (
        not (denied and (what if verb == "buy" else use.after) in _SAID_OF_BELIEF)
        and use.after not in _BUYS_ELSE
        and not use.near(_BELIEVED)
    )


def _is_fast(use: Use) -> bool:
    """ "a rapid response", not "a rapid onset"."""
    return _is_plainly(use) and (not use.after or use.after in _FAST) and not use.near(_TEAMS, 2)


def _is_big(use: Use) -> bool:
    """Not in the report of a study, where it is said of a test: "significant differences were found (p < .05)"."""
    found = {use.text[use.start : use.end].lower().split()[-1], use.after} & _FOUND
    return not use.before.endswith("ly") and not (found and _OF_STUDIES.search(use.text, max(0, use.start - _REPORT), use.end + _REPORT))


def _is_about(use: Use) -> bool:
    """Before a number: "about 5", not "the about normal one"."""
    return use.before not in ("the", "a", "an") and bool(_NUMBER_NEXT.match(use.text, use.end))


def _has_no_task(use: Use) -> bool:
    """ "the law requires a fee", not "the owner to pay", whom a need would not bind."""
    return not _TO_DO.match(use.text, use.end)


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


def _helps(use: Use) -> bool:
    """One "helps somebody do" a thing, not "in doing" it; nor are "7 assists" helps."""
    form = use.text[use.start : use.end].lower()
    said = use.before in (_MAY_ASSIST if form == "assist" else _ASSISTS) or (form == "assist" and not use.before and use.begins)
    verb = form == "assisting" or said or use.after in _ASSISTED
    noun = use.before in DETERMINERS | NUMBER_WORDS or use.before.isdigit()
    return verb and not noun and not _IN_DOING.match(use.text, use.end)


def _is_help(use: Use) -> bool:
    """ "need assistance with it", not "an assistance dog"; "liquidity assistance" is a thing of its own."""
    goes_on = not use.after or use.after in PREPOSITIONS | AUXILIARIES | SUBJECTS | _AFTER_HELP
    return (not use.before or (use.before in _SOUGHT and use.before not in ("a", "an"))) and goes_on


def _is_helpful(use: Use) -> bool:
    """ "it is beneficial for", not "a beneficial effect", nor "mutually beneficial"."""
    company = use.before in AUXILIARIES | _DEGREES | _COMPARED | frozenset(["also", "highly", "particularly", "especially"])
    return company and (not use.after or use.after in PREPOSITIONS | frozenset(["if", "when", "because", "and", "but"]))


def _takes_object(use: Use) -> bool:
    """Not by itself: "a way to verify, there is"."""
    return bool(use.after) and use.after not in _NO_OBJECT


def _is_hard_to_do(use: Use) -> bool:
    """ "it is difficult", "a difficult task", "he is difficult to please"; not "he is difficult", nor "a difficult colleague", nor "difficult breathing"."""
    alone = not use.after or use.after in _NO_OBJECT
    if use.after in _PEOPLE | _LABOURED or use.before in _PERSONS or (alone and not use.begins and use.before in _ONE_OF_SEVERAL):
        return False
    said = words_before(use.text, use.start)
    while said and (said[-1] in _DEGREES | _COMPARED | _STILL or said[-1].endswith("ly")):
        said.pop()
    is_said = bool(said) and (said[-1] in AUXILIARIES | _SHORT_IS or said[-1].endswith(("'re", "'m", "n't")))
    while said and (said[-1] in AUXILIARIES or said[-1].endswith("n't")):
        said.pop()
    return not is_said or use.after == "to" or (bool(said) and said[-1] in _HARD_THINGS)


def _is_straight(use: Use) -> bool:
    """No adverb before a verb whose twin ends in a preposition: "critically examine"."""
    return not use.before.endswith("ly") and use.before != "further"


def _is_fixed(use: Use) -> bool:
    """ "resolve the checkout issue", not "resolve the conflict", nor "the problem of" something, nor what parties do in good faith."""
    if _OF_LAW.search(f"{left_of(use.text, use.start)} {right_of(use.text, use.end)}"):
        return False
    words = use.text[use.start : use.end].lower().split()
    if words[-1].startswith(("issue", "problem")):
        return not (words[-1] == "problem" and use.after == "of")
    return bool(_FAULT_NEXT.match(use.text, use.end))


def _tells(use: Use) -> bool:
    """One tells somebody something."""
    return use.after in _SAYING


def _not_near(words: frozenset[str], reach: int = 3, also: Sense | None = None) -> Sense:
    return lambda use: not use.near(words, reach) and (also is None or also(use))


def _not_after(*words: str) -> Sense:
    return lambda use: use.before not in words


def _not_before(*words: str) -> Sense:
    return lambda use: use.after not in words


def _of_each(forms: str, sense: Sense) -> dict[str, Sense]:
    return dict.fromkeys((form.replace("_", " ") for form in forms.split()), sense)


SENSES: dict[str, Sense] = {
    "approximately": _is_about,  # not "= 13 (approximately)"
    **_of_each("a_wide_range_of a_wide_variety_of", _is_many),
    **_of_each("a_variety_of a_range_of a_myriad_of", _is_many_things),
    **_of_each("assist assists assisting", _helps),
    "assistance": _is_help,
    "complimentary": lambda use: use.near(_GIVEN, 2) and use.before not in AUXILIARIES,  # of a remark, it is praise
    # "the currently selected row"; and "Now," goes on with a tale
    "currently": lambda use: use.before not in DETERMINERS | NEGATIONS and not use.before.endswith("n't") and not use.begins,
    "difficult": lambda use: _is_plainly(use) and _is_hard_to_do(use),
    **_of_each("more_difficult most_difficult", _is_hard_to_do),
    **_of_each("advisable_to best_to", lambda use: use.before in _ADVISED_AFTER or use.before.endswith("'s")),  # not "how best to"
    **_of_each("wealthy inexpensive", _is_plainly),
    **_of_each("crucial pivotal lengthy numerous", _unless_denied(_is_plainly)),
    **_of_each("an_essential a_vital considerably", _unless_denied()),
    "purchase": lambda use: not use.before or use.before in VERB_AFTER | PLURALS or use.before.endswith("s"),  # no "after the purchase"
    **_of_each("bought buying to_buy buy", _is_bought),
    "rapid": _is_fast,
    "intelligent": _is_smart,
    "beneficial": _is_helpful,
    "challenging": _is_hard,
    **_of_each("more_challenging most_challenging", _describes),
    "merely": lambda use: use.before not in DETERMINERS,
    "a number of": lambda use: use.before not in _SAID_OF_NUMBERS and _are_many(use),
    **_of_each("a_large_number_of a_great_number_of a_small_number_of", _are_many),
    **_of_each("a_wide_array_of a_broad_range_of a_diverse_range_of", _is_many),
    "individuals": lambda use: use.before != "as" and not _OF_LIVING.search(use.text, max(0, use.start - _REPORT), use.end + _REPORT),
    **_of_each("your_inquiry your_inquiries", _not_before("into")),
    "a small amount of": _not_before("something", "anything"),
    "in a manner": _not_before("of"),
    "physician": lambda use: not use.after.startswith("assistant") and use.after != "of",
    "solely": lambda use: use.after in PREPOSITIONS or use.after == "because",  # "solely responsible" shares with nobody
    "sufficient": _is_enough,
    **_of_each("often frequently", _is_often),
    "rapidly": lambda use: not (use.before in DETERMINERS and use.after.endswith("ing")),
    **_of_each("regarding with_regard in_regard pertaining", _asks_or_tells),
    **_of_each("utilized utilised", lambda use: use.before in VERB_AFTER),  # "a utilized car" is not a used one
    "in addition to": lambda use: begins_sentence(use.text, use.start),
    "beginning": lambda use: use.before not in DETERMINERS | PREPOSITIONS,
    "due": lambda use: use.before not in _OWED | AUXILIARIES and not use.before.endswith("ly"),
    "as a": lambda use: use.before not in AUXILIARIES,
    "upon": _not_after("once"),
    "seeking": lambda use: use.before not in DETERMINERS,
    "in conjunction with": lambda use: use.before not in AUXILIARIES | _GOING_ALONG,
    "usually": _not_after("than", "as"),
    "additional": _not_before("question", "questions", "insights"),
    **_of_each("and_therefore and_thus", lambda use: use.after in SUBJECTS),
    **_of_each("acquire acquires acquiring", _not_near(_PROPERTY)),
    **_of_each("enhance enhances enhanced enhancing", _not_near(_MAGNITUDES)),
    **_of_each("examine examines examined examining", _not_near(_BODIES, 2, _is_straight)),
    **_of_each("explores investigate investigates investigating discuss discusses discussing tolerate tolerates tolerating", _is_straight),
    **_of_each("encounter encounters encountering eliminate eliminates eliminating", _is_straight),
    **_of_each("initiate initiates initiated initiating", _not_near(_TRADES)),
    "meticulous": _unless_denied(_not_before("nature", "person", "planner")),
    **_of_each("occur occurs occurred", lambda use: use.after != "according" and not use.before.endswith(("'s", "arrivals"))),
    "chance": _is_opportunity,
    "chances": lambda use: use.before in _GIVES_CHANCES and _is_opportunity(use),
    **_of_each("look_into looks_into looking_into", _not_near(_GAZED_AT, 4)),
    "opportunities": lambda use: use.before in _HAVE_CHANCES,
    **_of_each("perhaps maybe", lambda use: "just" not in (use.before, use.after) and not use.text.startswith(", just", use.end)),
    **_of_each("require requires", _not_near(_KNOWLEDGE, 4, _has_no_task)),
    **_of_each("resolve resolves resolved resolving fix fixes fixed fixing", _is_fixed),
    "attempt to": lambda use: use.before in _ATTEMPT_AFTER,
    "attempts to": lambda use: use.before in _DOES,
    **_of_each("obtained got", lambda use: use.before in SUBJECTS | {"who"}),
    **_of_each("remain stay remains stays", lambda use: use.before in _REMAIN_AFTER and use.after not in _NO_STAYING),
    **_of_each("select selects selecting", _not_near(_TABLE)),
    **_of_each("significant a_significant a_big", _unless_denied(_is_big)),
    **_of_each("entire", _not_before("function", "functions", "leaf", "leaves")),  # in mathematics and botany, words of their own
    "the optimal": _not_before("control", "stopping", "transport", "substructure", "policy", "policies", "design", "foraging"),
    **_of_each("to_construct constructed constructing", lambda use: not (use.near(_MADE) or _MADE & {*words_before(use.text, use.start)})),
    "to determine": lambda use: use.before not in _AIMS and not use.near(frozenset(["should"]), 4),
    **_of_each("to_remain will_remain", lambda use: use.after not in DETERMINERS),
    "to verify": _takes_object,
    **_of_each("inform informs informed informing notify notifies notified notifying", _tells),
}
"""By a form, its first two words or its first."""
