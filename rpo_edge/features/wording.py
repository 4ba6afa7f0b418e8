"""Words a writer chooses between: spelling, formal or plain words, intensifiers, sentence openers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site, like
from rpo_edge.features.context import (
    AUXILIARIES,
    CLAUSE_STARTS,
    HEAD,
    SUBJECTS,
    alternatives,
    begins_sentence,
    ends_like_plural,
    left_of,
    line_of,
    listed,
    right_of,
    starts_clause,
    word_after,
    word_before,
    words_before,
)
from rpo_edge.lexicon import BRITISH_ALONE, BRITISH_AMERICAN, NUMBER_WORDS
from rpo_edge.segment import ITEM_MARK, iter_sentence_starts

_CONNECTIVES = {  # one slot at the start of a sentence; the variants mean the same there
    "contrast": {"formal": "However, ", "plain": "But "},
    "addition": {"formal": "Additionally, ", "plain": "And ", "also": "Also, "},
    "result": {"formal": "Therefore, ", "plain": "So "},
}
_CONNECTIVE_FORMS = {  # what is recognised, longest first
    "However, ": ("contrast", "formal"), "But ": ("contrast", "plain"),
    "Additionally, ": ("addition", "formal"), "Furthermore, ": ("addition", "formal"), "Moreover, ": ("addition", "formal"),
    "In addition, ": ("addition", "formal"), "Also, ": ("addition", "also"), "And ": ("addition", "plain"),
    "Nevertheless, ": ("contrast", "formal"), "Nonetheless, ": ("contrast", "formal"), "Plus, ": ("addition", "also"),
    "Hence, ": ("result", "formal"), "Therefore, ": ("result", "formal"), "Consequently, ": ("result", "formal"), "As a result, ": ("result", "formal"),
    "Thus, ": ("result", "formal"), "So, ": ("result", "plain"), "So ": ("result", "plain"),
}  # fmt: skip
_OBJECTS = alternatives("me you him her us them it the a an my your our his their its these those everyone everybody people others")
_INTENSIFIERS = ("very", "really", "pretty", "quite", "extremely")
_GRADED = alternatives(
    "good bad nice hard easy simple useful important cool fast slow big small large long short close clear well likely common powerful interesting "
    "helpful high low new old different similar difficult effective strong quickly sure happy rare wrong active specific popular successful beautiful "
    "expensive cheap hot warm proud sad glad grateful friendly funny smart thin thick tall heavy bright soft quiet safe dangerous serious seriously "
    "slowly carefully closely careful complex positive creative healthy soon familiar unlikely",
    "accessible accurate affordable angry anxious attractive aware broad busy capable cautious clever cold comfortable complicated confident "
    "convenient curious dark deep eager early easily efficient flexible fortunate generous honest hungry impressive intelligent keen "
    "loyal lucky messy natural negative nervous noisy noticeable obvious optimistic painful passionate patient polite poor poorly practical precise "
    "productive reactive realistic reliable rich rough rude scary sensitive sharp sick skilled sorry special spicy stable strange stressful "
    "strict stubborn supportive sweet thoughtful tough uncomfortable unfortunate unstable unusual valuable versatile visible weird wet wise young",
)
"""What there may be more or less of, so that any word of degree may stand before it; not "the very first", "really great"."""
_OF_VERBS = alternatives(
    "excited interested limited tired",
    "annoyed annoying concerned confused confusing challenging detailed disappointed disappointing encouraging exciting frustrated frustrating "
    "fulfilling impressed pleased rewarding scared surprised surprising tempting worried",
)
"""The same of words that may be verbs: "it really impressed us"."""
_INTENSIFIER = re.compile(rf"(?<![\w-])(?P<word>{'|'.join(_INTENSIFIERS)})(?= (?:(?:{_GRADED})\b|(?:{_OF_VERBS})\b(?! (?:{_OBJECTS})\b)))")


# A dictionary asked word by word: an alternation of a thousand words would be tried at every letter, forty times slower.
_LETTERS = re.compile(r"(?<![\w-])[^\W\d_]+(?![\w-])")
_BY_CONTEXT = {"meters": "metres", "tire": "tyre", "tires": "tyres", "program": "programme", "programs": "programmes"}
_AMERICAN = {a: b for b, a in BRITISH_AMERICAN} | _BY_CONTEXT
_SPELLINGS = {b: ("british", "american", a) for b, a in [*BRITISH_AMERICAN, *BRITISH_ALONE.items()]} | {
    a: ("american", "british", b) for a, b in _AMERICAN.items()
}
_COUNTED = NUMBER_WORDS | listed("few several many square cubic")
_OF_WHEELS = listed("flat spare front rear bike bicycle car tractor")
_TYRE_AFTER = {
    "tire": listed("a the my your our his their") | _OF_WHEELS,
    "tires": listed("the my your our his their its those new worn winter summer snow truck four two") | _OF_WHEELS,
}
_WITH_TYRES = listed("pressure pressures tread treads shop size sizes")
_PROGRAMMES = listed(
    "training loyalty rehabilitation educational recycling community referral scholarship exercise mentoring mentorship fitness workout vaccination "
    "immunization immunisation outreach volunteer volunteering degree apprenticeship internship wellness welfare insulation rebate grant grants "
    "television tv radio youth sports festival conference"
)
_COMPUTING = re.compile(
    r"\b(?:python|java|code|coding|software|script|algorithm|dataset|neural|gpu|compil\w+|function|output)\b|`", re.IGNORECASE
)
_NEAR = 200  # code points
_EITHER = listed("towards judgement judgements judgment judgments")
"""Of the train authors who otherwise spell as Americans, 225 write "towards" (British: 24) and 9 "judgement" (4); 15 British ones write "judgment"."""
_BRITISH_WORDS = listed("fortnight fortnights fortnightly telly petrol lorry lorries arvo courgette courgettes aubergine aubergines")
"""Words that hardly anyone writes who spells as Americans do: they show the spelling, and have no other."""
_NUMBER_BEFORE = re.compile(r"\d[ \n]\Z")

_NAMES_TOO = frozenset(["gray", "grey", "savior", "saviour", "labor", "labour"])
_CODE_NEXT = re.compile(r"[=(_/\\{}\[]|\.[^\W\d_]|:(?!\s*(?:\n|\Z))|;?\s*\}")
""" "color: red", "color.ui"; not "the color:" above a list."""
_CODE_BEFORE = re.compile(r"(?:[./\\=~:{@#$&+]|[\w\])]\[)\Z")
""" "self.color", "src/color", "\\color", "=gray", "at[center]"."""
_ASSIGNED = re.compile(r"[ \t]*(?:[+-][ \t]*)?(?:(?:const|let|var)[ \t]+)?")
"""What stands in the line before a word that is given a value."""
_LABELS = re.compile(r":(?:\*\*| (?!Basic\b|Bearer\b|Digest\b|Token\b))")  # no "Authorization: Basic" of HTTP
_LABELLED = re.compile(rf"[ \t]*(?:{ITEM_MARK}[ \t]+(?:\*\*)?|\*\*)")
"""What stands in the line before a label: "- Colors: gray", "**Colors:** gray"."""


def _in_code(text: str, start: int, end: int) -> bool:
    """Whether marks of code stand right beside a word, which is then none of prose."""
    line = text.rfind("\n", 0, start) + 1
    label = text[start].isupper() and _LABELS.match(text, end) and _LABELLED.fullmatch(text, line, start)
    if (_CODE_NEXT.match(text, end) and not label) or _CODE_BEFORE.search(text, max(0, start - 2), start):
        return True
    if text.startswith(";", end) and text.endswith(": ", 0, start):
        return True  # "color: gray;"
    if text.startswith(" =", end):
        return bool(_ASSIGNED.fullmatch(text, line, start))
    return text.startswith("]", end) and line_of(text, start).strip() == f"[{text[start:end]}]"


def _spelling(text: str) -> Iterator[Site]:
    for match in _LETTERS.finditer(text):
        lower = match[0].lower()
        if lower in _BRITISH_WORDS:
            yield Site("spelling:other", match.start(), match.end(), "british")
        if (found := _SPELLINGS.get(lower)) is None or lower in _EITHER or _may_be_a_name(text, match) or _in_code(text, *match.span()):
            continue
        if lower in _BY_CONTEXT and not _is_meant(text, match):
            continue
        variant, other, word = found
        yield Site(f"spelling:{_spelling_family(lower)}", match.start(), match.end(), variant, {other: like(match[0], word)})


def _is_meant(text: str, match: re.Match[str]) -> bool:
    """ "ten meters", "a flat tire", "a training program"; not "parking meters", "it tires me", nor a program of a computer."""
    word, before = match[0].lower(), word_before(text, match.start())
    if word.startswith("program"):
        return before in _PROGRAMMES and not _COMPUTING.search(text, max(0, match.start() - _NEAR), match.end() + _NEAR)
    if word == "meters":
        return before in _COUNTED or bool(_NUMBER_BEFORE.search(text, max(0, match.start() - 2), match.start()))
    return before in _TYRE_AFTER[word] or (word == "tire" and word_after(text, match.end()) in _WITH_TYRES)


def _may_be_a_name(text: str, match: re.Match[str]) -> bool:
    """ "Center for Disease Control", "the Labor Party"; at the start of a sentence only what goes on in lower case is no name."""
    if not match[0][:1].isupper():
        return False
    if _IS_VERB.search(match[0]) and _TITLE.fullmatch(text, text.rfind("\n", 0, match.start()) + 1, match.start()):
        return False  # "## Optimize Your Coverage"
    following = text[match.end() : match.end() + 5]
    goes_on = following[1:2].islower() and not following.startswith((" for ", " of "))
    start = match.start() - (2 if text.endswith("**", 0, match.start()) else 0)
    return match[0].lower() in _NAMES_TOO or not begins_sentence(text, start) or not (goes_on or not following.startswith(" "))


_IS_VERB = re.compile(r"i[sz](?:e|es|ing)\Z")
_TITLE = re.compile(r"[ \t]*#{1,6}[ \t]+(?:\d{1,3}[.)][ \t]+)?")
"""What stands before the words of a heading."""


def _spelling_family(word: str) -> str:
    """British writers may still prefer -ize (Oxford spelling), so that ending is a habit of its own; and Australians write "program"."""
    if word.startswith("program"):
        return "programme"
    return "-ise" if re.search(r"i[sz](?:e|ed|es|ing|ation|ations|er|ers)$", word) else "other"


# What may follow a plain connective that becomes a formal one: the start of a clause ("So far" has none, nor "And then?").
_CLAUSE = re.compile(rf"(?:{CLAUSE_STARTS}|an?)(?:['’]\w+)? \w", re.IGNORECASE)


_NO_SENTENCE_OPENER = re.compile(
    r"so (?:(?:far|much|many|long|that|called)\b|it (?:goes|is|was|seems)[.!?]|(?:there|here) (?:you|we|they|it|I)\b|say\b|help\b"
    r"|I (?:hear|heard|see|gather|believe|think|thought|say|said|am|do|did|have)[.!?,])|"
    r"and (?:I quote\b|there (?:you|we|it)\b|so it goes\b|that is that\b|that['’]s that\b)|but (?:I digress\b|there (?:you|we|it)\b)",
    re.IGNORECASE,
)
"""Also whole phrases: "So it goes.", "And I quote"."""
_JOINED = re.compile(r"(?:and|but|or|so|yet|nor|because)\b", re.IGNORECASE)


def _connectives(text: str) -> Iterator[Site]:
    for start in iter_sentence_starts(text):
        for form, (slot, variant) in _CONNECTIVE_FORMS.items():
            if text[start : start + len(form)].lower() == form.lower():
                end = start + len(form)
                if text[end : end + 1].isalpha() and not _NO_SENTENCE_OPENER.match(text, start):
                    options = {
                        v: to.lower() if text[start].islower() else to for v, to in _connective_options(text, start, end, slot, variant)
                    }
                    yield Site(f"connective_{slot}", start, end, variant, options)
                break


def _connective_options(text: str, start: int, end: int, slot: str, variant: str) -> Iterator[tuple[str, str]]:
    """The other variants; a plain one needs a clause on either side of the change, and "And" begins no paragraph."""
    clause = _CLAUSE.match(text, end)
    if _JOINED.match(text, end) or (variant == "plain" and not clause):
        return
    opens = "\n" in text[len(text[:start].rstrip()) : start] or not text[:start].strip()
    for other, to in _CONNECTIVES[slot].items():
        if other != variant and not (to == "And " and (opens or not clause)):
            yield other, to


_MUST = ("must", "need to", "have to")
_OBLIGATION = re.compile(
    r"\b(?P<who>I|you|we|they) (?P<word>must|need to|have to)"
    r"(?= (?:(?:also|then|therefore|thus|both|all|still|always|surely) )?+(?!(?:not|be|have|say|admit|confess|agree|wonder|ask|see|try|do with)\b)(?P<verb>[a-z]+))",
    re.IGNORECASE,
)
"""Not before what makes an idiom: "I must say", "I have to admit"."""
_INFERRED = listed(
    "know think feel mean want like love hate miss understand remember believe realize realise live look sound earn own seem cost come"
)
"""What one that "must" may only seem to: "you must know him"."""
_REASONED = re.compile(r"\b(?:since|because|to have [a-z])", re.IGNORECASE)
"""In the sentence it shows that "must" may conclude: "They must work there, because they have a key"."""
_RULES = re.compile(
    r"\b(?:shall|hereby|herein|hereunder|hereto|hereinafter|thereof|liable|liability|indemnif\w+|lessees?|lessors?|licensees?|licensors?|"
    r"pursuant to|in accordance with|terms and conditions|(?:this|the) (?:agreement|contract)|penalt(?:y|ies)|breach)\b",
    re.IGNORECASE,
)


def _obligation(text: str) -> Iterator[Site]:
    """Only after plural subjects and "I", where the three need no agreement, and only where these begin a clause.

    What is said to the reader is a habit of its own; and among rules, where "must" binds, nothing changes.
    """
    binds = None
    for match in _OBLIGATION.finditer(text):
        if match["word"].islower() and starts_clause(text, match.start()):
            binds = bool(_RULES.search(text)) if binds is None else binds
            seems = match["verb"].lower() in _INFERRED
            concludes = match["word"] == "must" and (
                seems or _REASONED.search(f"{left_of(text, match.start())} {right_of(text, match.end())}")
            )
            free = () if binds or concludes else _MUST
            others = {word: word for word in free if word != match["word"] and not (seems and word == "must")}
            key = "obligation:you" if match["who"].lower() == "you" else "obligation"
            yield Site(key, match.start("word"), match.end("word"), match["word"], others)


_EXAMPLE = re.compile(r"(?<![^\W\d_])(?P<of>[^\W\d_]+),?\)? (?P<word>such as|like) (?P<next>[^\W_]+)")
_NO_EXAMPLE = SUBJECTS | AUXILIARIES | listed("to this that me him us them")
_LIKENED = listed(
    "looks feels seems sounds acts works smells tastes says does goes behaves appears gets makes reads runs comes takes plays thinks moves "
    "always sometimes perhaps besides else yes its his"
)


def _examples(text: str) -> Iterator[Site]:
    """Examples after what they are of. "like" also likens: it is only counted, and only after a plural or "people"."""
    for match in _EXAMPLE.finditer(text):
        formal = match["word"] == "such as"
        of = match["of"].lower()
        if match["next"].lower() in _NO_EXAMPLE or of in AUXILIARIES or not (formal or _is_plural(of)):
            continue
        inserted = text[match.end("of")] == "," and _is_inserted(right_of(text, match.end("word")))
        yield Site(
            "example",
            match.start("word"),
            match.end("word"),
            match["word"],
            {"like": "like"} if formal and of != "like" and not inserted else {},
        )


def _is_inserted(rest: str) -> bool:
    """Whether the sentence goes on after the example, which "like" would make a comparison: "Cats, such as lions, roar"."""
    _, comma, after = rest.partition(", ")
    return bool(comma) and ", " not in after and not after.startswith(("and ", "or "))


def _is_plural(word: str) -> bool:
    return (ends_like_plural(word) and word not in _LIKENED) or word in ("people", "stuff", "something", "someone")


_BEFORE_THAT = {
    word: forms.split()[0]
    for forms in (
        "think thinks thought", "believe believes believed", "know knows knew", "say says said", "hope hopes hoped", "feel feels felt",
        "guess", "suppose", "means meant", "realize realizes realized", "realise realises realised", "sure", "glad", "afraid",
        "ensure ensures ensuring ensured", "understand understands understood", "assume assumes assuming", "notice notices noticed",
        "show shows showed", "remember", "suggest suggests suggested", "find found",
    )
    for word in forms.split()
}  # fmt: skip
_THAT = re.compile(
    rf"(?<![\w-])(?P<head>{'|'.join(sorted(_BEFORE_THAT, key=len, reverse=True))})(?P<that> that)?(?= (?:I|you|he|she|it|we|they|there)"
    r"(?:['’](?:s|re|ve|ll|d|m)\b| (?:am|is|are|was|were|have|has|had|will|would|can|could|should|may|might|must|need|want|do|does|did)(?:n['’]t)?\b))"
)


def _that(text: str) -> Iterator[Site]:
    """ "that" before a clause with a pronoun for its subject, which is where it may be left out. It is not put in: "life as we know it is over"."""
    for match in _THAT.finditer(text):
        start, end = match.end("head"), match.end()
        variant, options = ("that", {"none": ""}) if match["that"] else ("none", {})
        yield Site(f"that_clause:{_BEFORE_THAT[match['head']]}", start, end, variant, options)


_DEGREES = ("very", "really", "extremely")  # these say the same; "pretty" and "quite" weaken as often as they strengthen
DEGREES = frozenset([*_INTENSIFIERS, "super"])
"""Words of degree, of which one is enough."""
_TERM_NEXT = re.compile(
    r" ?(?:high|low|large|long|short|small)[ -](?:frequenc(?:y|ies)|densit(?:y|ies)|scale|baseline|chain|calorie|wave|wavelength|orbit|birth|"
    r"resolution|telescope|array|temperature reactor)\b"
)
"""A "very low density" lipoprotein is one of a kind, as is an "extremely high frequency"."""
_ANSWER = re.compile(r"very (?:well|good)(?=[,.!])", re.IGNORECASE)
_COMPARED = re.compile(
    r" (?:more|less|fewer|worse|"
    r"(?!(?:over|under|clever|eager|other|proper|improper|bitter|tender|sober|slender|super|former|latter|sinister|inner|outer)\b)[a-z]{3,}er)\b"
)
""" "really cheaper", "really more": "very" compares nothing. Of words in -er, these are none of comparison."""
_AGAIN = re.compile(r"\b(?:very|really|extremely|so), \Z")
_SCOPED = frozenset(["not", "how", "so", "too", "as", "never", "hardly", "isn't", "no", "nothing", "anything"])


def degree_stays(text: str, start: int, end: int) -> bool:
    """Whether a word of degree here, or one put in, is said twice ("very, very"), an answer ("Very well, I go"), part of a term, or
    before what compares."""
    following = HEAD.match(text, end + text.startswith(" ", end))
    doubled = {word_before(text, start), following[0].lower() if following else ""} & DEGREES or _AGAIN.search(
        text, max(0, start - 12), start
    )
    answers = not word_before(text, start) and _ANSWER.match(text, start)
    return bool(doubled or answers or _TERM_NEXT.match(text, end) or _COMPARED.match(text, end))


def _intensifiers(text: str) -> Iterator[Site]:
    for match in _INTENSIFIER.finditer(text):
        word = match["word"].lower()
        before = word_before(text, match.start())
        if before in _SCOPED or before.endswith("n't") or not match["word"].islower():
            continue
        article = {"a": ("very", "really"), "an": ("extremely",)}.get(before, _DEGREES)
        free = word in _DEGREES and not degree_stays(text, match.start(), match.end())
        others = {w: w for w in _DEGREES if w != word and w in article} if free else {}
        yield Site("intensifier", match.start(), match.end(), word, others)


_PERSON = re.compile(r"(?<![\w'’-])(?:(?P<who>[Ss]ome|[Aa]ny|[Ee]very)(?:one|body)|[Nn]o(?:[ -]one|body))(?![\w-])")
_NAMED = listed(
    "a an the my your his her its our their such hi hello hey dear morning afternoon evening special certain mysterious particular"
)
"""Before what is a noun or a greeting: "a nobody", "that special someone", "Hi everyone"."""
_SAYING = re.compile(r"['’]s (?:business|fool)\b")
_CAPITAL_NEXT = re.compile(r" (?!I\b)[A-Z]")
_AFTER_NO_ONE = AUXILIARIES | listed("else who to but except here there in at around left")
_DOES = listed("ever even really actually knew came saw took got paid told said thought went made")
"""What it does, beside verbs in -s and -ed: "no one" is no word of a number then, as in "no one answer"."""


def _persons(text: str) -> Iterator[Site]:
    """ "someone" or "somebody", and so on."""
    for match in _PERSON.finditer(text):
        word, end = match[0], match.end()
        if not _is_person(text, match):
            continue
        root = (match["who"] or "no").lower()
        one, body = f"{root} one" if root == "no" else f"{root}one", f"{root}body"
        variant, other, put = ("-body", "-one", one) if word.endswith("body") else ("-one", "-body", body)
        yield Site(f"person_word:{one}", match.start(), end, variant, {} if _SAYING.match(text, end) else {other: like(word, put)})


def _is_person(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    if match[0][0].isupper() and (not begins_sentence(text, start) or _CAPITAL_NEXT.match(text, end)):
        return False  # "Someone Like You"
    before = word_before(text, start)
    return before not in _NAMED and (not match[0].endswith(" one") or _is_nobody(before, words_before(text, start), text, end))


def _is_nobody(before: str, words: list[str], text: str, end: int) -> bool:
    """Whether "no one" is one word: "no one knows", "there is no one here"; not "no one answer", "no one right way"."""
    following = word_after(text, end)
    if following in _AFTER_NO_ONE or (not following and not text.startswith((' "', " “", " *", " `", " ("), end)):
        return True
    exists = before == "there's" or words[-2:-1] == ["there"]
    return not exists and (following in _DOES or ends_like_plural(following) or following.endswith("ed"))


SPELLING = Choice("spelling", "British or American spelling", "share of the words that differ", _spelling)
OBLIGATION = Choice("obligation", "must, need to, have to", "share of each form", _obligation)
EXAMPLE = Choice("example", "such as or like", "share of examples", _examples)
THAT_CLAUSE = Choice("that_clause", "that before a clause", "share of clauses after such words", _that)
PERSON_WORD = Choice("person_word", "someone or somebody", "share of such words", _persons)
INTENSIFIER = Choice("intensifier", "intensifiers", "share of each word", _intensifiers)


def _connective(slot: str) -> Choice:
    name = f"connective_{slot}"
    return Choice(name, f"sentence openers ({slot})", "share of each form", lambda text: (s for s in _connectives(text) if s.key == name))


CONNECTIVES: tuple[Choice, ...] = tuple(_connective(slot) for slot in _CONNECTIVES)
CONNECTIVE_NAMES = frozenset(choice.name for choice in CONNECTIVES)
"""Openers of sentences."""
