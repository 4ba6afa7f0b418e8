"""Dashes: their forms, and where a comma, colon, full stop or parentheses may stand for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import dropwhile, takewhile

from rpo_edge.features.base import Choice, Site
from rpo_edge.features.clauses import NO_VERBS, OF_BOTH, ends_well, is_command, stands_alone
from rpo_edge.features.context import (
    AUXILIARIES,
    CONJUNCTIONS,
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    SUBJECTS,
    SUBORDINATORS,
    begins_clause,
    is_line_with,
    left_of,
    line_of,
    listed,
    right_of,
)
from rpo_edge.features.layout import EMOJI
from rpo_edge.features.parts import FINITE, is_base, is_part, is_sentence, is_time
from rpo_edge.names import no_name
from rpo_edge.segment import ITEM_MARK, straight, words

_ADDS = CONJUNCTIONS | listed("which who whose whom where especially particularly including such without")
NO_DASHES = dict.fromkeys(("comma", "full stop", "colon", "parentheses"), 1.0)
"""What stands in place of dashes, for who writes none; no place takes two of them."""
_DASHES = {"em": "—", "spaced em": " — ", "spaced en": " – ", "hyphen": " - ", "double hyphen": " -- "}
_DASH = re.compile(
    r"(?<=[A-Za-z)\"”’*])(?:—|[ ]—[ ]|[ ]–[ ]|[ ]--[ ]|[ ]-[ ])(?=[A-Za-z(\"“‘*])|(?<=[\d%`])(?:—|[ ]—[ ])(?=[A-Za-z(\"“‘*`])|(?<=[A-Za-z)\"”’*])(?:—|[ ]—[ ])(?=[\d`])"
    r"|(?<=[A-Za-z]\d|\d\d)(?:[ ]–[ ]|[ ]-[ ])(?=(?:I|it|we|you|he|she|they|there)(?:['’]\w+)? [a-z])"
)
"""Beside a number or code only what is no minus and no range."""
_ENDS_OF_WORDS = 3
"""Words that must stand on either side of a dash before other marks may take its place, as a rule."""
_ANSWERS = listed("yes no yeah yep nope nah sure okay ok")
_LEAD = re.compile(rf"[ \t]*(?:{ITEM_MARK}[ \t]+)?(?:(?:{EMOJI.pattern})[ \t]*)?\*\*[^*\n]+\*\*(?= ?[—–])")
_LONGEST_TITLE = 12  # words
_ALL_BOLD = re.compile(r"\*\*[^*\n]+\*\*")
_SUBJECT = re.compile(r"\W*subject:[* ]", re.IGNORECASE)
_SET_OFF = re.compile(r"(?<![\w.,!?])(?:(?P<mark>\*{1,3}|[\"`])(?=[^\s*])[^*\"`\n]+(?<=[^\s*])(?P=mark)(?!\w)|“[^“”\n]+”)")
_HALF_OPEN = re.compile(r"[()\[\]:;\"“”«»„‘`*$<>{}|]|(?<!\w)'|(?<!s)'(?!\w)")
"""Between two dashes: marks that no others go with, and those of what only one of both stands in, a quotation say."""
_LISTING_COMMA = re.compile(r",(?!\d)")
"""No "4,322"."""
_NEXT_ITEM = re.compile(r"(?:[\w'’-]+ ){0,2}[\w'’-]+,")
_NO_ITEM = FINITE | PREPOSITIONS | SUBORDINATORS | SUBJECTS
_FOCUS = listed("even only just not")
"""May stand before what a comma begins: "even if it rains"."""
_SUITED = listed(
    "perfect ideal great good best suitable suited useful handy essential excellent ready available famous known made built based full similar"
)
_SUITED_TO = PREPOSITIONS | {"if", "when", "because"}
"""Behind the former: "perfect for a walk"."""
_NO_EXPLANATION = _FOCUS | listed(
    "then thus therefore indeed still hence otherwise instead well maybe perhaps no nothing never neither more thanks talk consider throw see bear let "
    "ensuring making allowing creating leading providing demonstrating giving helping causing resulting reducing enabling letting turning"
)
"""Do not begin what explains a sentence: "a full refund — no questions asked"."""
_FORBIDS = ("don't", "never")
_BEFORE_SENTENCES = listed("otherwise instead maybe perhaps apparently unfortunately sometimes usually")
"""Adverbs that a sentence of its own may begin with."""
_URGES = listed("please just simply let's")
"""Begin a command that is a sentence of its own behind any other: "It is easy. Just loosen it"."""
_REASONS = listed("because whereas")
"""Begin what goes on with a sentence, and none of its own, where no clause comes behind a later comma; "though it is late, all came" may be one."""
_ADDED_CLAUSES = _REASONS | listed("though although since while unless")
"""Begin clauses that end sentences."""
_PRESENTS = listed("meet introducing")
_OF_WHAT = listed("that who which of for with")
_REMINDS = listed("reminder testament symbol sign proof promise tribute")
"""With "a" before it and "of" or "that" behind it such a noun tells of all that was said, whatever commas stand there."""
_SUMS_UP = _REMINDS | listed(
    "mix mixture blend combination fusion place world time moment way story tale journey step feat piece kind sort form type"
)
_ONE_MORE = listed("a an another the")
"""Of several parts that begin so, none is the comma's: "a man, a plan, and a canal"."""
_OPEN_ENDS = PREPOSITIONS | SUBORDINATORS | SUBJECTS | DETERMINERS | CONJUNCTIONS | AUXILIARIES | {"not"}
"""No clause ends with these, as a rule."""
_LONGEST_DENIAL = 6  # words
_LONGEST_NAME = 4  # words
_NOUN_WITHIN = 4  # words
_DENIED = DETERMINERS | PREPOSITIONS | listed("too just only even")
_NO_NOUNS = PREPOSITIONS | SUBORDINATORS | SUBJECTS | DETERMINERS | _ADDS | NO_VERBS | AUXILIARIES
_NO_NOUNS |= listed("what where how why then only just also now please not never neither either")


def _dashes(text: str) -> Iterator[Site]:
    """Of two dashes of a sentence one gives way to another mark where the other does."""
    found = {site.start: (site, other) for site, other in _each(text)}
    for site, other in found.values():
        if other is None:
            yield site
            continue
        others = found[other][0].options if other in found else {}
        yield replace(site, options={name: mark for name, mark in site.options.items() if name in _DASHES or name in others})


def _each(text: str) -> Iterator[tuple[Site, int | None]]:
    """No minus, no range, no pair of names; what is short on one side may have another dash, and little else.

    With each, where the other one is if a sentence has two.
    """
    names = {mark: name for name, mark in _DASHES.items()}
    for match in _DASH.finditer(text):
        left, right = left_of(text, match.start()), right_of(text, match.end())
        before, after = words(left), words(right)
        if not before or not after:
            continue
        variant, end = names[match[0]], match.end()
        options = {name: mark for name, mark in _DASHES.items() if name != variant}
        if _is_no_dash(text, match, before[-1], after[0], min(len(before), len(after))):
            if _is_spoken(before[-1], after[0]):
                yield Site("dash", match.start(), end, variant), None
            continue
        behind = _behind_lead(text, match.start())
        if behind > 1:
            left = left[1 - behind :]  # the dash of a lead is none of its sentence
        lefts, rights = [*_DASH.finditer(left)], [*_DASH.finditer(right)]
        alone, other = not lefts and not rights, None
        if alone and _SUBJECT.match(line_of(text, match.start())) and not is_sentence(after):
            options |= {"comma": ", "} if match[0] != " - " else {}
        elif alone and _is_in_title(text, match, before, after):
            options |= {"colon": ": "}
        elif _carries_lead(text, match, left, behind):
            if match[0] == " - " or is_line_with(text, match.start(), ("|",)):
                options = {}
            elif behind == 0 and after[0].lower() not in FINITE:
                options |= {"colon": ": "}
        elif _are_names(before[-1], after[0]):
            options = options if "—" in match[0] else {}
        elif alone and text[end] != "*" and _are_sentences(left, after) and ends_well(text, left, right, end):
            options = {name: mark + text[end] for name, mark in options.items()} | {"full stop": f". {text[end].upper()}"}
            end += 1
        elif alone:
            options |= _only(text, left, right, after, end)
        elif len(lefts) + len(rights) == 1:
            options |= _of_two(left, right, lefts, rights)
            other = match.start() - len(left) + lefts[0].start() if lefts else end + rights[0].start()
        yield Site("dash", match.start(), end, variant, options), other


def _only(text: str, left: str, right: str, after: list[str], end: int) -> dict[str, str]:
    """What may stand for the only dash of a sentence."""
    before = words(left)
    if min(len(before), len(after)) < _ENDS_OF_WORDS:
        answers = len(before) == 1 and before[0].lower() in _ANSWERS
        return {"comma": ", "} if answers or (len(before) >= _ENDS_OF_WORDS and _ends_shortly(right, after)) else {}
    if _takes_comma(left, right, after):
        return {"comma": ", "}
    return {"colon": ": "} if _takes_colon(text, left, right, after, end) else {}


def _of_two(left: str, right: str, lefts: list[re.Match[str]], rights: list[re.Match[str]]) -> dict[str, str]:
    """What may stand for one of two: the same for the other, since the same is judged, what stands between them."""
    between = left[lefts[0].end() :] if lefts else right[: rights[0].start()]
    inner = words(between)
    rest = right if lefts else right[rights[0].end() :]
    if not inner or _HALF_OPEN.search(_SET_OFF.sub("", between)) or _goes_on_listing(between, rest):
        return {}
    if "," not in left and "," not in right and is_part(inner):
        return {"comma": ", "}
    return {"parentheses": ") " if lefts else " ("}


def _goes_on_listing(between: str, rest: str) -> bool:
    """Whether the next item of a list comes behind a pair of dashes, before which a comma would be missed: "apples — red ones — pears, and plums"."""
    item = _NEXT_ITEM.match(rest)
    begins = item and _NO_ITEM.isdisjoint(word.lower() for word in words(rest)[:1])
    return bool(begins) or ("," in between and rest.startswith(("and ", "or ")))


def _takes_comma(left: str, right: str, after: list[str]) -> bool:
    """Whether what follows an only dash is a part that a comma may begin, also beside other commas where its first word says so."""
    first, second = (word.lower() for word in after[:2])
    if is_command(right) or (_is_capitalised(after[0]) and no_name(after[0])):
        return False  # "there is hope — don't give up", "**Snow** (2006) – A song about"
    if first in _ADDS and (first not in CONJUNCTIONS or _adds_one(left, right, after)):
        return True
    if _sums_up(left, right, after) or _is_presented(left, right, after):
        return True
    if first in _REASONS and second != "of" and _is_said(left) and not _has_part(right, _is_clause):
        return True
    if _denies(words(right.partition(", but ")[0])):
        return "," not in right.partition(", but ")[0]
    if "," in right:
        return False
    if (first in _SUITED and second in _SUITED_TO) or (first in _FOCUS and second in SUBORDINATORS - {"because"}):
        return True
    begins = (second if first in _FOCUS else first) in PREPOSITIONS | SUBORDINATORS or is_time(after)  # no item of a list before it
    return (begins or not _LISTING_COMMA.search(left)) and is_part(after)


def _adds_one(left: str, right: str, after: list[str]) -> bool:
    """Whether a conjunction adds one thing, not a list ("and, equally, the rate"), to a sentence where that has other commas."""
    first = after[0].lower()
    one = first in ("but", "yet") or right.lower().startswith(f"{first}, ") or begins_clause(after[1:])
    return "," not in right or (one and _is_said(left))


def _has_part(right: str, of: Callable[[list[str]], bool]) -> bool:
    """Whether something `of` a kind stands behind a comma."""
    return any(of(part) for part in map(words, right.split(", ")[1:]) if part)


def _is_clause(part: list[str]) -> bool:
    return begins_clause(part) or is_sentence(part)


def _is_one_more(part: list[str]) -> bool:
    return next((word for word in map(str.lower, part) if word not in CONJUNCTIONS), "") in _ONE_MORE


def _sums_up(left: str, right: str, after: list[str]) -> bool:
    """Whether a noun follows that tells of what was said: "a reminder that it was late", "a blend of salt, pepper, and lime"."""
    said = [word.lower() for word in after]
    at = next((i for i, word in enumerate(said[:_NOUN_WITHIN]) if word in _SUMS_UP), 0)
    if said[0] != "proof" and (at == 0 or said[0] not in ("a", "an", "another") or not _NO_NOUNS.isdisjoint(said[1:at])):
        return False
    noun, link, rest = said[at], said[at + 1 : at + 2], said[at + 2 :]
    if noun in _REMINDS and link == ["that"]:
        return True
    phrase = takewhile(lambda word: word not in SUBORDINATORS | {"where"}, rest)
    if link not in (["of"], ["where"]) or (link == ["of"] and not (FINITE | SUBJECTS).isdisjoint(phrase)):
        return False
    listing = _has_part(right, _is_one_more) or _has_part(right, _is_clause) or ("," in left and not _is_said(left))
    return noun in _REMINDS or not listing


def _is_presented(left: str, right: str, after: list[str]) -> bool:
    """Whether something is named, and said to be what follows: "Meet Nova — the lamp that thinks"."""
    if "," in left or "," in right or _PRESENTS.isdisjoint(map(str.lower, words(left)[:1])) or after[0].lower() not in DETERMINERS:
        return False
    name = [*takewhile(lambda word: word not in _OF_WHAT, (word.lower() for word in after[1:]))]
    return 0 < len(name) <= _LONGEST_NAME and len(name) + 1 < len(after) and _NO_NOUNS.isdisjoint(name)


def _denies(after: list[str]) -> bool:
    """Whether no sentence follows in which something is denied: "no questions asked", "not too dry"."""
    said = [straight(word).lower() for word in after]
    bare = FINITE.isdisjoint(said) and SUBJECTS.isdisjoint(said) and not any("'" in word for word in said)
    denied = said[:1] == ["no"] or (said[:1] == ["not"] and not _DENIED.isdisjoint(said[1:2]))
    return bare and denied and len(said) <= _LONGEST_DENIAL


def _ends_shortly(right: str, after: list[str]) -> bool:
    """Whether two words are surely a part: "at last", "and fast", "decades before"."""
    first = after[0].lower()
    begins = first in (PREPOSITIONS | SUBORDINATORS | _ADDS) - DETERMINERS - {"who", "whom", "whose"}
    return len(after) == _ENDS_OF_WORDS - 1 and "," not in right and (begins or is_time(after))


def _are_sentences(left: str, after: list[str]) -> bool:
    """Whether whole sentences stand on either side, a command ("Take the bus") before a mark, too, and behind another."""
    main, added = _without_clause(left)
    told = "," not in main and is_command(main)
    if is_command(" ".join(after)) and (told or straight(after[0]).lower() in _URGES):
        ends = True
    else:
        said = after[after[0].lower() in _BEFORE_SENTENCES :]
        ends = bool(said) and (
            is_sentence(said) or _is_told_of(said) or (straight(said[0]).lower() in _FORBIDS and is_command(" ".join(said)))
        )
    whole = added in _ADDED_CLAUSES and SUBORDINATORS.isdisjoint(map(str.lower, words(main))) and _is_said(main)
    return ends and (told or whole or _is_said(left))


def _without_clause(left: str) -> tuple[str, str]:
    """What comes before a whole subordinate clause at the end, and its first word: "keep calm, even if it is late"; else all, and none."""
    main, _, clause = left.rpartition(", ")
    said = [*dropwhile(_FOCUS.__contains__, (straight(word).lower() for word in words(clause)))]
    whole = len(said) > _ENDS_OF_WORDS - 1 and begins_clause(said[1:]) and said[-1] not in _OPEN_ENDS
    return (main, said[0]) if main and whole and said[0] in SUBORDINATORS - {"that", "which", "who", "whom", "whose"} else (left, "")


def _is_told_of(after: list[str]) -> bool:
    """Whether a noun of one word has a verb: "parking is expensive", "heartburn can be bad"; no "as is the other", "will power is"."""
    first, second, third = [*(word.lower() for word in after[:3]), "", "", ""][:3]
    if not third or first in _NO_NOUNS or first.endswith("ly") or second not in FINITE:
        return False
    return third in {"be", "have", "not"} or is_base(third) or third.endswith("ly") if second in MODALS else third not in FINITE


def _is_said(left: str) -> bool:
    """Whether a sentence stands before a mark, one that begins with "If it rains," too."""
    last = words(left.rpartition(", ")[2])
    if left.lower().startswith(OF_BOTH):
        return False
    return stands_alone(left) or (", " in left and stands_alone(" ".join(last[last[0].lower() in CONJUNCTIONS :] if last else last)))


def _takes_colon(text: str, left: str, right: str, after: list[str], end: int) -> bool:
    """Whether a sentence comes before an only dash, and what explains it after."""
    first = after[0].lower()
    tells = first not in _ADDS | SUBORDINATORS | PREPOSITIONS | _NO_EXPLANATION and not first.endswith("ly")
    tells = tells and not (len(after) > 1 and first in _SUITED and after[1].lower() in _SUITED_TO)
    return tells and ":" not in left + right and _is_said(left) and ends_well(text, left, right, end)


def _is_no_dash(text: str, match: re.Match[str], before: str, after: str, fewest: int) -> bool:
    numbered = before.isdigit() and "—" in match[0]  # "Day 1 — Arrival"
    single = (len(before) == 1 and before not in "Ia" and not numbered and text[match.start() - 2 : match.start() - 1] != "&") or (
        len(after) == 1 and after not in "IaA"
    )
    label = match[0] == " - " and _is_capitalised(after)  # "The Bunker (1999) - A comedy about"
    return single or label or "=" in line_of(text, match.start()) or (match[0] == " - " and fewest < _ENDS_OF_WORDS)


def _is_spoken(before: str, after: str) -> bool:
    """Whether a mark that may not change is a dash all the same, by what follows ("Yes - I can"); not in "n - i"."""
    word, mark, _ = straight(after).partition("'")
    return len(before) > 1 and word.lower() in SUBJECTS | CONJUNCTIONS and (word.islower() or word == "I" or bool(mark))


def _is_capitalised(word: str) -> bool:
    """Whether a word has a capital that is not that of "I"."""
    return word[:1].isupper() and straight(word).partition("'")[0] != "I"


def _are_names(before: str, after: str) -> bool:
    return _is_capitalised(before) and _is_capitalised(after)


def _is_in_title(text: str, match: re.Match[str], before: list[str], after: list[str]) -> bool:
    """Whether an only dash stands between the two parts of a title ("**Summary — Website**"), which are no names and no range."""
    line = line_of(text, match.start()).strip()
    if not (line.startswith("#") or _ALL_BOLD.fullmatch(line)) or match[0] == " - " or ":" in line:
        return False
    if line.rstrip("*").endswith((".", "!", "?")) or is_sentence(after) or before[0].lower() in _ANSWERS:
        return False  # "**No — you can't see it**"
    ranges = before[-1][-1].isdigit() and any(any(map(str.isdigit, word)) for word in after)
    goes_on = after[0].lower() in _ADDS | SUBORDINATORS | PREPOSITIONS | FINITE or len(before) + len(after) > _LONGEST_TITLE
    return no_name(before[0]) and not ranges and not goes_on


def _behind_lead(text: str, position: int) -> int:
    """How many characters behind the bold lead of its line, with which a dash goes, `position` is; -1 where there is none before it."""
    start = text.rfind("\n", 0, position) + 1
    lead = _LEAD.match(text, start)
    return position - lead.end() if lead else -1


def _carries_lead(text: str, match: re.Match[str], left: str, behind: int) -> bool:
    """ "- **Lead** - text": the mark after a lead or inside a heading is form, not punctuation; behind a stressed word it is none.

    left: the sentence up to it, without the emphasis that it begins with.
    """
    leads = left.endswith("*") and (behind == 0 or "*" not in left.rstrip("*"))
    listed_so = match[0] == " - " and "*" in text[match.start() - 1 : match.end() + 1]
    return leads or listed_so or is_line_with(text, match.start(), ("#", "|"))


DASH = Choice("dash", "dashes", "share of each form among dashes", _dashes)
