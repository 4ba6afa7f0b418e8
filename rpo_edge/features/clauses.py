"""How clauses meet: a comma before "and" or none, a semicolon or a full stop, one sentence or two.

Two sentences never become one here; one becomes two only where a whole clause stands on either side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.context import (
    AUXILIARIES,
    CLAUSE_STARTS,
    DETERMINERS,
    PREPOSITIONS,
    SUBJECTS,
    SUBORDINATORS,
    begins_clause,
    left_of,
    listed,
    right_of,
)
from rpo_edge.features.parts import FINITE, is_base, is_sentence
from rpo_edge.segment import ABBREVIATIONS, straight, words

_CLAUSE = re.compile(r"(?<=\w)(?P<comma>,?) (?P<word>and|but|so|or) (?=(?P<subject>I|it|we|he|she|they|you|there)(?P<short>['’]\w+)?\s\w)")
_LONG_CLAUSE = 5
"""Words before a conjunction from which on its comma is a choice."""
_SHORTEST_CLAUSE = 2
_LONGEST_WORD = 40  # characters, with the subject before it
_NO_MAIN = SUBORDINATORS | PREPOSITIONS
_ASIDE = re.compile(r"[^,.;:!?\n]{1,24},")
"""After the conjunction, what is set between commas: "It was late, and I mean it, when we left"."""
_PAIRED = frozenset({"either", "both", "between", "neither"})
_ADVERBS = r"[Hh]owever|[Ii]nstead|[Cc]onversely|[Ii]n fact|[Tt]herefore|[Cc]onsequently|[Aa]s a result"
_MORE_ADVERBS = (
    r"[Oo]therwise|[Ii]n addition|[Ii]n that case|[Aa]dditionally|[Mm]oreover|[Ff]urthermore|[Nn]evertheless|[Nn]onetheless|[Tt]hus|[Hh]ence|"
    r"[Mm]eanwhile|[Ss]imilarly|[Ll]ikewise|[Ii]n contrast|[Bb]y contrast|[Oo]n the other hand|[Aa]t the same time|[Ff]or this reason"
)
"""Behind which a mere part may come, too."""
_SEMICOLON = re.compile(
    r"(?<=\w)(?P<mark>; |\. )(?=(?:[Ii]t|[Hh]e|[Ss]he|[Tt]hey|[Ww]e|[Yy]ou|I|[Tt]here)(?:['’]\w+)? [a-z]"
    rf"|(?:{_ADVERBS}), [\w“\"]|(?:{_MORE_ADVERBS}), (?P<clause>\w)|(?P<noun>[A-Za-z][a-z]*)(?:['’]\w+)?,? [a-z])"
)
_STOPPED = re.compile(r"(?<=\w)\. [A-Za-z]")
_MOSTLY = 0.8
_BEFORE_STOP = re.compile(r"(?<![\w.'’])[A-Za-z](?:['’-]?[A-Za-z])+\Z")
OF_BOTH = ("according to ", "not only ")
"""Begin what may be said of two clauses together."""
_INSERTED = re.compile(r"[^,;:\n]{1,40}, (?:however|though|by contrast|in contrast|on the other hand), [a-z]")
"""Only a clause has such a word in it: "the whites, however, turn hard"."""
_NO_START = SUBORDINATORS | PREPOSITIONS | FINITE
_NO_START |= listed(
    "and or but nor so yet even especially particularly not whereas notwithstanding less maybe got where why how what others another one then"
)
_BEFORE_SUBJECTS = listed("sometimes here now often today later soon still instead rather past present future")
"""First words behind which a pronoun begins a clause: "sometimes it is", "future you will"; not "something you like"."""
_ENDS_SUBJECT = SUBORDINATORS | SUBJECTS | listed("where why how what to")
_LONGEST_SUBJECT = 5  # words
_CONTRASTED = listed("other others latter former rest first second third last one more less")
"""Behind "the" they begin what goes on with the clause before: "one was red; the other was blue"."""
_JOINED = re.compile(rf"(?<=\w)(?P<join>,? (?P<word>and|but|so)) (?=(?:{CLAUSE_STARTS})(?:['’]\w+)?\s\w)")
_APART = re.compile(rf"(?<=[a-z)][.!] )(?P<word>[Aa]nd|[Bb]ut|[Ss]o) (?=(?:{CLAUSE_STARTS})(?:['’]\w+)?\s\w)")
NO_VERBS = listed("even out off down up round past still till well near all such both half not")
"""Have a form in -ing, and begin other sentences than commands: "Even the rain"."""
_ORDERS = listed("avoid keep make take choose consider remember ensure bring get let be add give find")
"""Surely verbs, also before what may belong to a noun: "Avoid that step"."""
_ACTED_ON = (DETERMINERS - {"that", "both"}) | listed("it them him us me yourself")
_ENDS_OPEN = PREPOSITIONS | AUXILIARIES | {"and", "or", "to", "the", "a", "an"}
"""No command ends with these."""
_BEFORE_ORDERS = listed("just then please now instead")
"""May stand before the verb of a command, as adverbs in -ly may: "Simply loosen it"."""
_FEWEST = 3
"""Words of the shortest sentence that is surely one."""
_VERB_WITHIN = 6  # words
_OBJECTS = listed("this it you there all")
"""With which a clause may end, too: "I know this"."""
_PURPOSES = listed("can could may might must will won't don't doesn't do does never")
_PURPOSE_WITHIN = 4
"""Words after "so" of which one of these makes it a purpose ("so you can"), which is no sentence by itself."""


def _clause(text: str) -> Iterator[Site]:
    """Commas before clauses: one goes also from behind a short clause, which shows who writes none there, and comes only behind a long one."""
    for match in _CLAUSE.finditer(text):
        left = left_of(text, match.start())
        before = [word.lower() for word in words(left)]
        if not before or before[0] in _PAIRED:
            continue
        long, comma, key = _is_clause(left, before, match), match.start("comma"), f"clause_comma:{match['word']}"
        free = long and "\n" not in left
        if match["comma"]:
            yield Site(key, comma, comma + 1, "yes", {"no": ""} if free or _needs_none(left, before, match) else {})
        elif long or (match["word"] in ("and", "but") and _needs_none(left, before, match)):
            yield Site(key, comma, comma, "no", {"yes": ","} if free else {})


def _is_clause(left: str, before: list[str], match: re.Match[str]) -> bool:
    """Whether a whole main clause stands before: long, with a sign of a verb, and no pair of subjects ("my wife and I")."""
    known = set(before)
    if len(before) < _LONG_CLAUSE or "," in left or SUBORDINATORS.intersection(known) or known & _PAIRED:
        return False
    contracted = any("'" in word or "’" in word for word in before)
    if not (contracted or known & AUXILIARIES or known & (SUBJECTS - {"you", "it"})):
        return False
    if before[-1] in SUBJECTS | PREPOSITIONS | {"and", "or", "but", "even", "not", "think", "hope", "me", "him", "us"}:
        return False
    if match["word"] in ("and", "or"):
        pair = (len(before) > 1 and before[-2] in DETERMINERS) or words(left)[-1][:1].isupper()
        threat = match["subject"] in ("you", "it") and match.string[match.end() :].lower().startswith(("you will", "you'll", "it will"))
        return not pair and not threat and before[-1] not in DETERMINERS
    return True


def _needs_none(left: str, before: list[str], match: re.Match[str]) -> bool:
    """Whether a clause, however short, ends where a comma may be left out: "It's old, but it works"."""
    if len(before) < _SHORTEST_CLAUSE or "," in left or "\n" in left or "not only" in left.lower() or before[0] in _NO_MAIN:
        return False
    following = words(match.string[match.end() : match.end() + _LONGEST_WORD])[1:2]
    if _ASIDE.match(match.string, match.end()) or (following and following[0].lower() in SUBORDINATORS | {"and", "or"}):
        return False
    if match["word"] in ("but", "so"):
        return before[-1] not in PREPOSITIONS
    said = [*map(straight, before)]
    verb = any(word in FINITE or word.endswith("n't") for word in said) or said[0].partition("'")[0] in SUBJECTS
    pair = match["subject"] in ("I", "it", "you", "there") and (said[-2] in DETERMINERS or words(left)[-1][:1].isupper())
    return match["word"] == "and" and verb and not pair and said[-1] not in SUBJECTS | PREPOSITIONS


def _semicolon(text: str) -> Iterator[Site]:
    """Joins of two clauses of which the second begins with a pronoun, with an adverb and its comma ("; however, it rained"), with a noun or a command."""
    small = _begins_small(text)
    for match in _SEMICOLON.finditer(text):
        start = match.start("mark")
        stop = match["mark"] == ". "
        if stop and not (text[match.end()].isupper() or (small and not _is_short_form(text, start))):
            continue
        left, right = left_of(text, start), right_of(text, match.end())
        if match["clause"] and not _is_clause_by_now(words(text[match.start("clause") : match.end() + len(right)])):
            continue
        if match["noun"] and not _are_clauses(left, right):
            continue
        if stop:
            yield Site("semicolon", start, start + 1, "full stop")
            continue
        opens_list = ("; ", ": ") if match["noun"] else ("; ",)
        single = ";" not in right and text[match.end() + len(right) :][:1] != ";" and not text.endswith(opens_list, 0, start - len(left))
        initial = text[match.end()]
        apart = single and not _open(left, right) and not _governs(left, right)
        options = {"full stop": f". {initial.upper()}"} if apart else {}
        yield Site("semicolon", start, match.end() + 1, "semicolon", options)


def _begins_small(text: str) -> bool:
    """Whether nearly all sentences of a text begin with a small letter."""
    firsts = [text[match.end() - 1] for match in _STOPPED.finditer(text) if not _is_short_form(text, match.start())]
    return len(firsts) >= _FEWEST and sum(map(str.islower, firsts)) >= _MOSTLY * len(firsts)


def _is_short_form(text: str, stop: int) -> bool:
    """Whether a stop may be a short form's: "approx. it", "p.m. we", "no. they"."""
    word = _BEFORE_STOP.search(text, max(0, stop - _LONGEST_WORD), stop)
    return word is None or word[0].lower() in ABBREVIATIONS


def _governs(left: str, right: str) -> bool:
    """Whether what one side begins with may hold of the other, too: "If it rains, leave; you must not wait". "Otherwise," says so itself."""
    said = left.rpartition(": ")[2].lower()
    first = [*words(said)[:1]]
    return said.startswith(OF_BOTH) or (not SUBORDINATORS.isdisjoint(first) and not right.lower().startswith("otherwise"))


def _is_clause_by_now(after: list[str]) -> bool:
    """Whether a verb comes before any subordinate clause, or a subject first."""
    return is_sentence(after) or not FINITE.isdisjoint(map(str.lower, after[:_VERB_WITHIN]))


def _are_clauses(left: str, right: str) -> bool:
    """Whether clauses stand on both sides of a mark, the second with a noun for a subject, and no part of the first ("the other was blue")."""
    said, after = [straight(word).lower() for word in words(left)], words(right)
    if not after or after[0].lower() in _NO_START:
        return False
    if _INSERTED.match(right):
        return len(said) >= _FEWEST
    clause = not (FINITE | SUBJECTS).isdisjoint(said) or any(word.endswith("n't") for word in said) or is_command(left)
    apart = len(after) < 2 or after[0].lower() != "the" or after[1].lower() not in _CONTRASTED
    return clause and apart and (is_sentence(after) or _has_noun(after) or is_command(right))


def _has_noun(after: list[str]) -> bool:
    """Whether a verb follows soon on what may be its subject: "larger gardens may need it", and no "something that is late"."""
    said = [straight(word).lower() for word in after[: _LONGEST_SUBJECT + 1]]
    if said[0] in _BEFORE_SUBJECTS and said[1:2] and said[1].partition("'")[0] in SUBJECTS:
        return True
    subject = takewhile(lambda word: word not in _ENDS_SUBJECT, said[1:])
    return not said[0].endswith("n't") and any(word in FINITE or word.endswith("n't") for word in subject)


def _joins(text: str) -> Iterator[Site]:
    """ "It rained, but we went" or "It rained. But we went". Of what is joined, the mark and the conjunction are the site."""
    for match in _JOINED.finditer(text):
        left, right = left_of(text, match.start()), right_of(text, match.end())
        comma, after, word = match["join"].startswith(","), words(right), match["word"]
        if not begins_clause(after) or len(words(left)) < 2 or (word == "so" and after[0] == "that"):
            continue
        if not comma and after[0].lower() in DETERMINERS:
            continue  # "bread and the butter that is left"
        options = {"apart": f". {word.capitalize()}"} if comma and _two_sentences(text, match, left, right) else {}
        yield Site(f"clause_join:{word}", *match.span("join"), "joined", options)
    for match in _APART.finditer(text):
        if begins_clause(words(right_of(text, match.end()))):
            yield Site(f"clause_join:{match['word'].lower()}", *match.span("word"), "apart")


def _two_sentences(text: str, match: re.Match[str], left: str, right: str) -> bool:
    """Whether either side can stand by itself, and the second says no purpose ("so you can open it")."""
    if not ends_well(text, left, right, match.end()) or not stands_alone(left, _LONG_CLAUSE - 1, anywhere=match["word"] == "but"):
        return False
    following = [straight(word.lower()) for word in words(right)[:_PURPOSE_WITHIN]]
    if match["word"] == "so":
        return not _PURPOSES.intersection(following) and not any(word.endswith(("n't", "'ll")) for word in following)
    said = {word.lower() for word in words(left)}
    return match["word"] == "but" or not (SUBORDINATORS | {"where"}).intersection(said)


def stands_alone(left: str, fewest: int = _FEWEST, anywhere: bool = True) -> bool:
    """Whether the words before a mark are a sentence: their last part has a verb, and a subject or no preposition before it.

    anywhere: "keep in mind that it is old" ends well before "But", not before "So".
    """
    said, part = ([word.lower() for word in words(side)] for side in (left, left.rpartition(",")[2]))
    if len(part) < fewest or part[0] in SUBORDINATORS | PREPOSITIONS | _PAIRED or said[0] in SUBORDINATORS:
        return False
    verbs = part if anywhere else part[1:3]
    if not (begins_clause(part) or FINITE.intersection(verbs)) or " ".join(said[:2]) == "according to" or "not only" in " ".join(said):
        return False
    if part[-1] in _OBJECTS:
        return part[-2] not in AUXILIARIES | SUBORDINATORS | {"and", "or", "but", "not", "what", "where", "how"}
    return part[-1] not in SUBJECTS | PREPOSITIONS | DETERMINERS | AUXILIARIES | {"and", "or", "but", "not"}


def is_command(side: str) -> bool:
    """Whether a sentence is told to do: "Take the bus", "Don't throw it away", "Let's go home", "Simply loosen it", "Please ask"."""
    said = [straight(word).lower() for word in words(side)]
    if len(said) < _FEWEST or said[-1] in _ENDS_OPEN or words(side)[0].isupper():  # "GET /users"
        return False
    asked = said[0] == "please"
    said = said[said[0] in _BEFORE_ORDERS or said[0].endswith("ly") :]
    first, second = said[0], said[1]
    if first in ("don't", "let's", "never", "always") or (first, second) == ("do", "not"):
        return is_base(said[1 + (first == "do")]) and (first, second) != ("let's", "say")
    if asked and is_base(first):
        return True
    if second in ("when", "while"):
        return False  # "Remember when you write"
    return first in _ORDERS or (first not in NO_VERBS and second in _ACTED_ON and is_base(first))


def ends_well(text: str, left: str, right: str, end: int) -> bool:
    """Whether two sides of a sentence may be two sentences: nothing is open between them, and a full stop or call ends the second."""
    return "\n" not in left and not _open(left, right) and text[end + len(right) :][:1] in (".", "!")


def _open(left: str, right: str) -> bool:
    """Whether a bracket, a quotation or an emphasis goes on from one side to the other."""
    pairs = (left.count("(") != left.count(")"), right.count("(") != right.count(")"), left.count("“") != left.count("”"))
    return any(pairs) or left.count('"') % 2 > 0 or left.count("*") % 2 > 0 or left.count("_") % 2 > 0


JOIN = Choice("clause_join", "one sentence or two", "share of clauses after and, but, so", _joins)
COMMA = Choice("clause_comma", "comma before a new clause", "share of clauses joined by and, but, so, or", _clause)
SEMICOLON = Choice("semicolon", "semicolons", "share of the joins of two clauses", _semicolon)
