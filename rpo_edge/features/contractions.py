"""Contractions: taken ("don't") or not ("do not"), of those that English allows in that place.

Each pair of words has its own key, so "it's" can be a habit where "they've" is not. Source of the forms:
any English grammar; the limits of the contexts are our own and lean to safety: no contraction where the verb
may be stressed or stranded ("the way it is in winter"), none of "has" but before a participle, and no
expansion where 's or 'd may be more than one verb, or where the words would have to change places ("Why don't people").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rpo_edge.features.base import Choice, Site, like
from rpo_edge.features.context import (
    AUXILIARIES,
    DETERMINERS,
    HEAD,
    PREPOSITIONS,
    SUBJECTS,
    alternatives,
    begins_sentence,
    ends_like_plural,
    is_line_with,
    line_of,
    listed,
    right_of,
    starts_clause,
    word_after,
    word_before,
    words_before,
)
from rpo_edge.features.participles import ADVERBS, BY_US, MANNER, PARTICIPLE, PARTICIPLES, verb_of
from rpo_edge.features.parts import is_base
from rpo_edge.lexicon import BARE, FUNCTION_WORDS
from rpo_edge.names import no_name
from rpo_edge.segment import line_mark, straight, words

_NEGATED = {  # auxiliary -> contracted form
    verb: verb + "n't"
    for verb in ["do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "would", "could", "should", "need"]
} | {"will": "won't", "can": "can't"}
_BE = (
    {"I am": "I'm"}
    | {f"{p} are": f"{p}'re" for p in ("you", "we", "they")}
    | {f"{p} is": f"{p}'s" for p in ("it", "that", "there", "what", "he", "she", "here", "who", "where")}
)
_HAVE = {f"{p} have": f"{p}'ve" for p in ("I", "you", "we", "they")}
_HAS = {f"{p} has": f"{p}'s" for p in ("it", "he", "she", "that")}
_WILL = {f"{p} will": f"{p}'ll" for p in ("I", "you", "we", "they", "it", "he", "she")}
_WOULD = {f"{p} would": f"{p}'d" for p in ("I", "you", "we", "they", "he", "she")}

_NEXT_VERB = re.compile(rf"(?P<adverbs>{ADVERBS}{{0,2}})\s+(?P<verb>[a-z]+)(?![\w'’-])", re.IGNORECASE)
_NEXT_DONE = re.compile(rf"{ADVERBS}{{0,2}}(?:\s+[a-z]+ly)?\s+(?P<verb>[a-z]+)(?![\w'’-])", re.IGNORECASE)
"""What is or was done, behind any adverb: "gently push"."""
_ONLY_HAS = listed("been had got become begun happened gotten come")
_BY = re.compile(r"\s+by\b")
_BOTH = listed(
    "come become overcome run rerun put set reset offset upset cut let hit read cost hurt shut spread beat bet quit cast forecast broadcast burst "
    "split bid fit shed rid wet thrust slit knit input output sweat bust spit thread wound ground found saw felt fell lay bore best once"
)
"""Are a verb in the present, too, or only then and no verb in the past; and adverbs."""
_ONLY_PAST = listed(
    "been had got gotten done seen gone taken begun said told thought brought kept heard met made meant sent spent taught understood won stood held "
    "forgotten chosen bought left built broken paid hidden grown sold known written given shown spoken stolen risen fallen lost eaten driven ridden "
    "worn torn slept swept learnt caught fought sought stuck struck flown drawn thrown blown shaken woken frozen sung lain laid led fled bitten"
)
_FELT = listed(  # -ed words that follow "is", not "has"
    "based supposed tired complicated limited interested excited married related worried scared confused bored pleased surprised dedicated "
    "committed"
)
_PASSIVE = _FELT | listed(  # and these, of things: "he's called" may be either
    "called designed required located needed recommended advised intended expected believed estimated tied owed"
)
_COUNTED = listed("many lots several two three plenty tons")
_WOULD_DO = (
    "like love be say suggest recommend prefer need want expect add use go get start make take give keep think know find help look try work "
    "ask tell see feel hope hate argue agree appreciate advise assume encourage consider check create build choose plan write talk call begin "
    "avoid ensure explain identify include bring buy wait guess imagine invite welcome"
)
_WOULD_VERB = re.compile(
    rf"{ADVERBS}{{0,2}}{MANNER}\s+(?:{alternatives(_WOULD_DO)})(?![\w-])|\s+(?:rather|have)(?![\w-])",
    re.IGNORECASE,
)

# A verb that is stranded or stressed does not contract: "as it is now", "who he is and what he wants", "It is and always was".
_BEFORE_OBJECTS = PREPOSITIONS - {"since", "before", "after", "until"}
"""A pronoun behind these is no subject; the others begin clauses, too."""
_STRANDS_AFTER = _BEFORE_OBJECTS | listed(
    "what who whom where how however whatever wherever whoever whichever which way do did doing does done whether"
)
_STRANDS_NEAR = frozenset(["how", "however", "what", "whatever", "whichever"])
_STRANDS_BEFORE = (
    (PREPOSITIONS - {"about", "like"})
    | AUXILIARIES - {"being", "been"}
    | listed("and but or nor because when whenever now while if unless though although which who i he she we they today then")
)
_ASKS_BEFORE_HAVE = frozenset(["could", "would", "should", "might", "may", "must", "can", "will"])
_PERSONS = SUBJECTS - {"it", "there"}
_STRESSES = frozenset(["only", "even"])
"""Before a pronoun: "Only you will know"."""
_MAKES_NOUN = listed("past present future new old former real true other whole inner ideal a the this another every")
"""Before "you", which then is a noun: "future you will be grateful"; no comparative ("the older you will get")."""
_LAST_ADVERBS = listed("too also indeed still though anyway either certainly definitely probably always already again alone there not so")
_ASKING = frozenset(["what", "where", "who", "here"])
_SHORT_OBJECTS = frozenset(["it", "that", "you", "there", "here"])
_BEFORE_THERE = listed(
    "and but or so then that because if think believe know sure hope say says said when while since feel means though although unless"
)


_BOLD = re.compile(r"\*\*[^*\n]+\*\*")
_ENDS_LEAD = re.compile(r"(?::\*\*|.\*\*(?::| *\Z| +[-–—]))")
_SMALL_IN_TITLES = PREPOSITIONS | listed("a an the and or but nor vs")


def _short(form: str) -> str:
    return form.replace("'", "['’]?" if form.lower() in BARE.values() else "['’]")


def _plain(written: str) -> str:
    """A contraction in lower case with its apostrophe, whichever it is written with."""
    plain = straight(written.lower())
    return BARE.get(plain, plain)


def _pattern(forms: dict[str, str], shorts: bool = True) -> re.Pattern[str]:
    long = "|".join(sorted(forms, key=len, reverse=True))
    short = "|".join(map(_short, sorted(set(forms.values()), key=len, reverse=True))) if shorts else r"(?!)"
    return re.compile(rf"(?<![\w'’-])(?:(?P<long>{long})|(?P<short>{short}))(?![\w'’-])", re.IGNORECASE)


_PAIRS = [(forms, _pattern(forms, forms is not _HAS)) for forms in (_BE, _HAVE, _HAS, _WILL, _WOULD)]
_NEGATION = re.compile(
    rf"(?<![\w'’-])(?:(?P<long>cannot|(?:{'|'.join(_NEGATED)}) not)"
    rf"|(?P<short>{'|'.join(map(_short, _NEGATED.values()))}))(?![\w'’-])",
    re.IGNORECASE,
)
# Tried only where a first word stands: an alternation at every letter is slow.
_BY_HEAD = {
    head: [(forms, pattern) for forms, pattern in _PAIRS if any(form.lower().startswith(f"{head} ") for form in forms)]
    for head in {form.split()[0].lower() for forms, _ in _PAIRS for form in forms}
}
_BY_HEAD |= {
    bare: found for bare, short in BARE.items() if (found := [pair for pair in _PAIRS if short in map(str.lower, pair[0].values())])
}
_NEGATION_HEADS = frozenset([*BARE, "cannot", *_NEGATED, *(short.partition("'")[0] for short in _NEGATED.values())])
_LONG = {**{short: f"{verb} not" for verb, short in _NEGATED.items()}, "can't": "cannot"}
_INVERTS_AFTER = frozenset(["why", "how", "what"])
_JOINS = frozenset(["and", "but", "or", "so", "then", "because"])
_NOUNS = listed("everyone everybody anyone anybody someone somebody people men women kids children one things")


_LET_US = (
    "now first also not look take start begin dive discuss talk say break try find be see go get move return focus make call embrace work "
    "continue use write add proceed run test create build set turn step walk put give join celebrate list read keep stay hope face"
)
_LET_US_THINK = (
    "consider explore assume suppose think imagine compare review examine remember analy[sz]e note recall delve determine identify discover"
)
_LET_US_COUNT = (
    "define denote apply check calculate compute count solve show prove verify simplify rewrite substitute evaluate sum factor plug"
)
_LET = re.compile(
    rf"(?<![\w'’-])let(?:(?P<long> us)|['’]s)(?= (?:{alternatives(_LET_US, _LET_US_THINK, _LET_US_COUNT)})\b)",
    re.IGNORECASE,
)
_BEFORE_LET = (".", "!", "?", ":", ",", ";", "\n", "and", "so")


def _let_sites(text: str, apostrophe: str) -> Iterator[Site]:
    """ "Let us look": where a sentence or its clause begins, and no "let us know" that asks for leave."""
    for match in _LET.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()].rstrip(' *_"“‘(')
        if before and not before.endswith(_BEFORE_LET):
            continue
        if match["long"]:
            if not _is_in_title(text, match):
                yield Site("contraction:let's", match.start(), match.end(), "expanded", {"contracted": match[0][:3] + apostrophe + "s"})
        else:
            options = {} if _is_titled(text, match) else {"expanded": match[0][:3] + " us"}
            yield Site("contraction:let's", match.start(), match.end(), "contracted", options)


def _sites(text: str) -> Iterator[Site]:
    apostrophe = "’" if text.count("’") > text.count("'") else "'"
    yield from _negation_sites(text, apostrophe)
    yield from _let_sites(text, apostrophe)
    for head in HEAD.finditer(text):
        for forms, pattern in _BY_HEAD.get(head[0].lower(), ()):
            if (match := pattern.match(text, head.start())) and not is_other_word(text, match):
                yield from _pair_site(text, match, forms, apostrophe)


def is_other_word(text: str, match: re.Match[str]) -> bool:
    """Whether what looks like a contraction without its apostrophe has a capital inside a sentence: "Jony Ive", "an IM"; or a letter like one."""
    written = match[0]
    if not written.isascii() and "’" not in written:
        return True  # "iſ"
    plain = written.islower() or (written[1:].islower() and begins_sentence(text, match.start()))
    return written.lower() in BARE and not plain


def _is_stressed(written: str) -> bool:
    """ "do NOT", "it IS": the capitals would be lost."""
    last = written.split()[-1]
    return len(last) > 1 and last.isupper()


def _negation_sites(text: str, apostrophe: str) -> Iterator[Site]:
    for head in HEAD.finditer(text):
        if head[0].lower() not in _NEGATION_HEADS or not (match := _NEGATION.match(text, head.start())) or is_other_word(text, match):
            continue
        written = match[0]
        plain = _plain(written)
        following = word_after(text, match.end())
        if match["long"]:
            if _is_stressed(written) or _is_in_title(text, match) or following in SUBJECTS or following in ("only", "but"):
                continue
            short = "can't" if plain in ("cannot", "can not") else _NEGATED[plain.split()[0]]
            options = {"contracted": like(written, short.replace("'", apostrophe))}
            yield Site(f"contraction:{short}", match.start(), match.end(), "expanded", options)
        else:
            fixed = _is_question(text, match, plain, following) or _is_titled(text, match)
            options = {} if fixed else {"expanded": like(written, _LONG[plain])}
            yield Site(f"contraction:{plain}", match.start(), match.end(), "contracted", options)


def _is_titled(text: str, match: re.Match[str]) -> bool:
    """In a title with capitals ("It Doesn't Cost Much", "**What You'll Get**"), where the words of a full form would have to have them, too."""
    start = match.start()
    if not text[start].isupper():
        return False
    if match[0][1] not in "'’" and text.endswith(" ", 0, start) and word_before(text, start):
        return True  # inside a sentence no other word has a capital, but "I"
    line, bold = line_of(text, start), _bold_at(text, start)
    return bool(bold or is_line_with(text, start, ("#",))) and _has_capitals(bold[0] if bold else line, match[0])


def _is_in_title(text: str, match: re.Match[str]) -> bool:
    """In the title of a work or the name of a button, inside a sentence ("The book I Am Legend"): it is written as it is. A heading may change."""
    start = match.start()
    first, _, second = match[0].partition(" ")
    if not (second or (first if word_before(text, start) else ""))[:1].isupper():
        return False
    line, bold = line_of(text, start), _bold_at(text, start)
    heads = bold and line[: bold.start()].strip() == line_mark(line) and _ENDS_LEAD.match(line, bold.end() - len(":**"))
    return not _has_capitals(bold[0] if bold and heads else line, match[0])


def _bold_at(text: str, position: int) -> re.Match[str] | None:
    """The bold of its line in which `position` is."""
    at = position - text.rfind("\n", 0, position) - 1
    return next((bold for bold in _BOLD.finditer(line_of(text, position)) if bold.start() <= at < bold.end()), None)


def _has_capitals(title: str, but: str) -> bool:
    """Whether all words have a capital, besides those that titles write small and `but`."""
    return not any(word[0].islower() for word in words(title) if word not in _SMALL_IN_TITLES and word not in but.split())


def _is_question(text: str, match: re.Match[str], plain: str, following: str) -> bool:
    """Whether the subject may follow the auxiliary: "isn't it" is not "is not it"."""
    if following in SUBJECTS or (following in ("this", "that") and plain != "don't"):
        return True
    before = word_before(text, match.start())
    if before in _INVERTS_AFTER:
        return True
    if before and before not in _JOINS:
        return False
    if plain != "don't" and not before and _opens(text, match.start()):
        return True  # "Doesn't the code work"; "Don't worry" is no question
    plural = ends_like_plural(following) and not following.endswith("ways")
    stop = match.end() + len(right_of(text, match.end()))
    return plural or following in DETERMINERS or following in _NOUNS or text[stop : stop + 1] == "?"


def _opens(text: str, start: int) -> bool:
    """Whether a sentence may begin here; after a quotation, a bracket or "U.S." none does in lower case."""
    before = text[:start].rstrip(" ")
    if not before or before.endswith(","):
        return not before
    return not text[start].islower() or (before[-1] in ".!?:\n" and not before[-2:-1].isupper())


def _pair_site(text: str, match: re.Match[str], forms: dict[str, str], apostrophe: str) -> Iterator[Site]:
    written = match[0]
    plain = _plain(written)
    form = next(form for form, short in forms.items() if plain in (form.lower(), short.lower()))
    key = f"contraction:{forms[form].lower()}"
    if match["long"]:
        if not _is_stressed(written) and not _is_in_title(text, match) and _can_contract(text, match, forms):
            yield Site(key, match.start(), match.end(), "expanded", {"contracted": like(written, forms[form].replace("'", apostrophe))})
    elif full := _full_form(text, match, form, forms):
        options = {} if _is_titled(text, match) else {"expanded": like(written, full)}
        yield Site(key, match.start(), match.end(), "contracted", options)
    elif forms is not _WOULD:  # which then is "had", another pair
        yield Site(key, match.start(), match.end(), "contracted")


def _can_contract(text: str, match: re.Match[str], forms: dict[str, str]) -> bool:
    before = words_before(text, match.start())
    last = before[-1] if before else ""
    head = match[0].split()[0].lower()
    if head in _SHORT_OBJECTS and (
        last in _BEFORE_OBJECTS or (last.endswith("ing") and not last.endswith("thing")) or last in ("do", "did", "done")
    ):
        return False  # "part of it is", "doing that is"
    if (last in _STRESSES and head in _PERSONS) or (head == "you" and last in _MAKES_NOUN):
        return False
    if forms is not _BE and _NOT.match(text, match.end()):
        return False  # "you won't", not "you'll not"
    if forms is _HAVE or forms is _HAS:
        if last in _ASKS_BEFORE_HAVE:
            return False  # "could you have known"
        ours = forms is _HAVE and head != "they" and BY_US.match(text, match.end())
        return bool(ours or PARTICIPLE.match(text, match.end()))
    if _DOING.match(text, match.end()) and head in SUBJECTS:
        return True  # "what you're doing": the verb that follows bears the stress
    if forms is _BE and head in SUBJECTS and _compares(before):
        return False  # "the more likely it is that", "the older they are"
    if last in _STRANDS_AFTER or _STRANDS_NEAR.intersection(before):
        return False
    if forms is _WOULD:
        return bool(_WOULD_VERB.match(text, match.end())) or _would_or_had(text, match, match[0]) == match[0]
    if head in ("here", "there") and last and last not in _BEFORE_THERE:
        return False  # "the weather there is nice"
    return not _is_stranded(text, match, head)


def _compares(before: Sequence[str]) -> bool:
    """Whether words end in a comparative with its article, to which the verb behind the subject belongs."""
    last = before[-1] if before else ""
    return before[-3:-1] in (["the", "more"], ["the", "less"]) or (
        before[-2:-1] == ["the"] and (last.endswith("er") or last in ("more", "less"))
    )


def _is_stranded(text: str, match: re.Match[str], head: str) -> bool:
    following = _NEXT_WORD.match(text, match.end())
    if not following:
        return head in _ASKING or not _NEXT_OTHER.match(text, match.end())
    word = following[1].lower()
    if head in SUBJECTS and word in ("be", "have", "need", "do") and _NEXT_WORD.match(text, following.end()):
        return False  # "you will have to"
    if word in PREPOSITIONS and head in SUBJECTS and starts_clause(text, match.start()) and _NEXT_WORD.match(text, following.end()):
        return False  # "You are on the list", not "the way you are on Mondays"
    if word in _STRANDS_BEFORE or (head in _ASKING and word in SUBJECTS | {"this", "that"}):
        return True
    return word in _LAST_ADVERBS and not _NEXT_WORD.match(text, following.end())


_DOING = re.compile(r"[ \n](?:[a-z]{2,}ing|gonna|supposed to)(?![\w'’-])")
_NEXT_OTHER = re.compile(r"[ \n](?:[A-Z]\w|[\"“*_`]?[$€£¥]?\d|[\"“`*]\w)")
"""A name, number, amount or quotation."""
_NOT = re.compile(r"[ \n]not(?![\w'’-])")
_NEXT_WORD = re.compile(r"[ \n]([a-z]+)(?![\w])")


def _full_form(text: str, match: re.Match[str], form: str, forms: dict[str, str]) -> str:
    """The words that a contraction stands for; "" where they are not sure."""
    if forms is _WOULD:
        return form if _WOULD_VERB.match(text, match.end()) else _would_or_had(text, match, form)
    if not form.endswith(" is"):
        return form
    subject = form.removesuffix(" is")
    following = _NEXT_VERB.match(text, match.end())
    if not following:
        return form
    word = following["verb"].lower()
    if word in _ONLY_HAS:
        return "" if subject == "here" else f"{subject} has"
    if word.endswith("ed") and _BY.match(text, following.end("verb")):
        return form
    if (verb := verb_of(text, following.end("verb"), word, subject)) is not None:
        return f"{subject} {verb}" if verb else ""
    passive = word in (_FELT if subject in ("he", "she", "who") else _PASSIVE)
    if not passive and (word in PARTICIPLES or (word.endswith("ed") and (len(word) > 4 or (len(word) == 4 and word[1] != "e")))):
        return ""
    if subject in _ASKING and (word in SUBJECTS or word in ("up", "to", "hoping")):
        return ""
    counted = word in _COUNTED or (word == "no" and word_after(text, following.end("verb")).endswith("s"))
    plural = subject == "there" and counted
    return "" if plural or word == "own" else form


def _would_or_had(text: str, match: re.Match[str], form: str) -> str:
    """The words that "'d" stands for, or would, by the form of the next verb: "I'd combine", "you'd hoped"; "" where one form is both ("he'd put")."""
    following = _NEXT_DONE.match(text, match.end())
    if not following:
        return ""
    word = following["verb"]
    if word == "better" or word in _ONLY_PAST or _is_past(word):
        return f"{form.removesuffix('would')}had"
    return form if word == "do" or (is_base(word) and word not in PARTICIPLES | _BOTH | FUNCTION_WORDS) else ""


def _is_past(word: str) -> bool:
    """Whether a verb has an ending in -ed, which "need" and "feed" have not: there is its form in -ing."""
    stems = (word[:-2], word[:-1], f"{word[:-3]}y")
    return word.endswith("ed") and (word.endswith("greed") or not word.endswith("eed")) and any(no_name(f"{stem}ing") for stem in stems)


CONTRACTION = Choice("contraction", "contractions", "share of the contractions that are possible", _sites)
