"""Contractions: taken ("don't") or not ("do not"), of those that English allows in that place.

Each pair of words has its own key, so "it's" can be a habit where "they've" is not. Source of the forms:
any English grammar; the limits of the contexts are our own and lean to safety.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpo_edge.features.base import Choice, Site, like

_NEGATED = {  # auxiliary -> contracted form
    verb: verb + "n't"
    for verb in ["do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "would", "could", "should", "need"]
} | {"will": "won't", "can": "can't"}
_BE = (
    {"I am": "I'm"}
    | {f"{p} are": f"{p}'re" for p in ("you", "we", "they")}
    | {f"{p} is": f"{p}'s" for p in ("it", "that", "there", "what", "he", "she", "here", "who", "where")}
)
_HAVE = {f"{p} have": f"{p}'ve" for p in ("I", "you", "we", "they")} | {f"{p} has": f"{p}'s" for p in ("it", "he", "she", "that")}
_WILL = {f"{p} will": f"{p}'ll" for p in ("I", "you", "we", "they", "it", "he", "she")}
_WOULD = {f"{p} would": f"{p}'d" for p in ("I", "you", "we", "they", "he", "she")}

_PARTICIPLE = r"(?=\s+(?:(?:not|never|also|already|just|always|only|recently|both|all|ever)\s+)?(?:been|got|had|made|done|seen|gone|come|become|taken|given|found|put|set|run|kept|left|heard|written|known|shown|\w{2,}ed|\w{2,}en)\b)"
_NEXT_WORD = r"(?=[ \n][a-z])"  # "that is." cannot contract
_NOT_QUESTION = r"(?!\s+(?:you|it|he|she|they|we|I|that|this|there)\b)"  # "isn't it" is not "is not it"
_WOULD_VERB = (
    r"(?=\s+(?:like|love|be|say|suggest|recommend|rather|prefer|also|have|need|want|never|probably|expect|add|use|go|get|start|make)\b)"
)

# group -> (expanded -> contracted, what must follow the expanded form, what must follow the contracted form)
_GROUPS = {
    "be": (_BE, r"(?=[ \n](?!(?:is|are|was|were)\b)[a-z])", r"(?!\s+(?:been|got|had)\b)"),
    "have": (_HAVE, _PARTICIPLE, _PARTICIPLE),
    "will": (_WILL, _NEXT_WORD, ""),
    "would": (_WOULD, _WOULD_VERB, _WOULD_VERB),
}


def _pattern(forms: dict[str, str], after_expanded: str, after_contracted: str) -> re.Pattern[str]:
    # Longest first, and no word before that would make the pair part of another phrase ("what it is").
    heads = "|".join(re.escape(form).replace(r"\ ", r"[ \n]") for form in sorted(forms, key=len, reverse=True))
    short = "|".join(form.replace("'", "['’]") for form in sorted(set(forms.values()), key=len, reverse=True))
    flags = re.IGNORECASE
    return re.compile(rf"(?<![\w'’-])(?:(?P<long>{heads}){after_expanded}|(?P<short>{short})(?![\w'’-]){after_contracted})", flags)


_PATTERNS = [(forms, _pattern(forms, *after)) for forms, *after in _GROUPS.values()]
_NEGATION = re.compile(
    rf"(?<![\w'’-])(?:(?P<long>cannot|(?:{'|'.join(_NEGATED)})[ \n]not)(?=[ \n][a-z])(?! only\b)"
    rf"|(?P<short>{'|'.join(form.replace(chr(39), '[' + chr(39) + '’]') for form in _NEGATED.values())})(?![\w'’-])(?P<plain>{_NOT_QUESTION})?)",
    re.IGNORECASE,
)
_LONG = {**{short: f"{verb} not" for verb, short in _NEGATED.items()}, "can't": "cannot"}


def _sites(text: str) -> Iterator[Site]:
    apostrophe = "’" if text.count("’") > text.count("'") else "'"
    for match in _NEGATION.finditer(text):
        written = match[0]
        plain = written.lower().replace("’", "'").replace("\n", " ")
        if match["long"]:
            short = "can't" if plain in ("cannot", "can not") else _NEGATED[plain.split()[0]]
            options = {"contracted": like(written, short.replace("'", apostrophe))}
            yield Site(f"contraction:{short}", match.start(), match.end(), "expanded", options)
        else:
            options = {"expanded": like(written, _LONG[plain])} if match["plain"] is not None else {}
            yield Site(f"contraction:{plain}", match.start(), match.end(), "contracted", options)
    for forms, pattern in _PATTERNS:
        yield from _pair_sites(text, forms, pattern, apostrophe)


def _pair_sites(text: str, forms: dict[str, str], pattern: re.Pattern[str], apostrophe: str) -> Iterator[Site]:
    folded = {form.lower(): form for form in forms}
    for match in pattern.finditer(text):
        written = match[0]
        plain = written.lower().replace("’", "'").replace("\n", " ")
        if match["long"]:
            form = folded[plain]
            options = {"contracted": like(written, forms[form].replace("'", apostrophe))}
            yield Site(f"contraction:{forms[form].lower()}", match.start(), match.end(), "expanded", options)
        else:
            form = next(form for form, short in forms.items() if short.lower() == plain)
            yield Site(f"contraction:{plain}", match.start(), match.end(), "contracted", {"expanded": like(written, form)})


CONTRACTION = Choice("contraction", "contractions", "share of the contractions that are possible", _sites)
