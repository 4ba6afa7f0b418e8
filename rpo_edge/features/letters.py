"""What shows that a text is a letter, and how it greets and parts: patterns, read by the features of `framing.py`, the guard and the store."""

from __future__ import annotations

import re

from rpo_edge.segment import Span

GREETING = re.compile(
    r"\A\s*(?P<word>hi there|hey there|hello there|hi all|hey all|hi everyone|hello everyone|good (?:morning|afternoon|evening)|hi|hey|hello|dear)"
    r"(?P<rest>(?: [\w.\[\]'’-]+){0,3}\s*[,!.:\-—–]+)(?=\s)",
    re.IGNORECASE,
)
_PARTING = (
    "(?:with )?(?:best|kind|warm|kindest|warmest)(?: regards| wishes)|best|regards|sincerely(?: yours)?|faithfully|"
    "(?:very )?(?:truly|sincerely) yours|yours(?: (?:very )?(?:truly|sincerely)| faithfully| ever| as ever| always| in haste)?|ever yours|as ever|"
    "respectfully(?: yours)?|cordially(?: yours)?|warmly|all the best|all best|(?:with )?(?:all|every) good wish(?:es)?|with good wishes|cheers|thanks(?: (?:&|and) (?:(?:best|kind|warm) )?regards| so much| again| in advance)?|with regards|all the very best|"
    "thank you(?: so much| in advance)?|many thanks(?: and (?:best|kind|warm) (?:regards|wishes))?|with thanks|with (?:much )?gratitude|gratefully|"
    "take care|have a (?:nice|great|good|lovely) (?:day|weekend|week|evening)|(?:with (?:all )?(?:my )?|all my |lots of |much )?love(?:,? as ever)?|ciao|(?:speak|talk) (?:soon|later)|see you(?: soon| later| (?:mon|tues|wednes|thurs|fri|satur|sun)day)?|xoxo|(?-i:xx+)|"
    "(?:with|in) (?:(?:(?:my|our) )?(?:heartfelt|deep|deepest|sincere|sincerest|warmest) |love and )?(?:sympathy|condolences)"
)
CONDOLES = re.compile(r"\b(?:sympathy|condolences)\b", re.IGNORECASE)
"""Of a sign-off that is meant: no other says it, and it says too much anywhere else."""
_BELOW = (
    r"(?:(?-i:(?![^\n]*(?:[!?:;]|(?<!Inc)(?<!Ltd)\.)[ \t]*(?:\n|\Z))[A-Z+(\[][^\n]{1,39})|[\w.+-]+@[\w.-]+|(?:https?://|www\.)[^\s]{1,39})"
)
_NAME = rf"\s*\n[ \t]*[^\n]{{1,40}}(?:\n[ \t]*\[[^\]\n]{{1,40}}\])*(?P<lines>(?:\n[ \t]*{_BELOW}){{0,3}})"
"""With what a template leaves open below it, and up to three lines of a title, a company, a telephone number."""
_INITIAL = r"(?-i:[A-Z])[\w.'’-]{0,20}(?: (?-i:[A-Z])[\w.'’-]{0,20}){0,2}"
"""A name in the line of the phrase: "Cheers, Tom"."""
SIGN_OFF = re.compile(
    rf"(?:\A|\n)[ \t]*(?P<text>(?P<phrase>(?:{_PARTING})[,.!]?)(?P<name>{_NAME}|[ \t]*[-—–][^\n]{{1,30}}|(?<=,)[ \t]{_INITIAL})?)\s*\Z",
    re.IGNORECASE,
)
"""With what stands below it; lines below a name stay where the phrase changes."""
OWN_NAME = re.compile(r"\[(?:(?:your|my|sender['’]?s?) )?(?:full |first )?name\]", re.IGNORECASE)
"""What a letter leaves open for the name of who sends it."""
_LEFT_OPEN = re.compile(
    rf"^[ \t]*(?:{_PARTING})[,.!]?[ \t]*(?:\r?\n[ \t]*){{1,2}}{OWN_NAME.pattern}(?:[ \t]*\r?\n[ \t]*\[[^\]\n]{{1,40}}\])*(?=[ \t]*\r?\n[ \t]*\r?\n)",
    re.IGNORECASE | re.MULTILINE,
)
"""A sign-off with a place for a name above a blank line."""
_TALK = re.compile(
    r"\s*(?!(?:p\.? ?p?\.?s|n\.?b|encl?|enclosures?|attached|attachments?|cc|bcc)\b)(?:[\w'’,-]+ ){3}[^\n]*[.!?:)*_][ \t]*(?:\r?\n|\Z)",
    re.IGNORECASE,
)
"""A sentence; "P.S.", what is enclosed and an address are the letter's."""
_SALUTATION = re.compile(
    r"^[>*_ \t]*(?:subject:|(?:hi|hey|hello|dear|good (?:morning|afternoon|evening))\b[^\n,!:.]{0,40}[,!:][*_ \t]*\r?$)",
    re.IGNORECASE | re.MULTILINE,
)
OFFICE = (
    r"(?:(?!(?:in|at|of|from|with|and)\b)[\w'’&-]+ ){0,3}(?:services?|support|relations|(?:customer|client|guest|patient|member) (?:care|experience)|"
    r"claims|complaints|billing|warranty|returns|refunds|reservations|admissions|hiring|recruit(?:ing|ment)|talent acquisition|human resources|hr|"
    r"legal|(?<!dear )(?:department|office)|(?:department|office)(?= of\b))"
)
"""Who answers letters that have no name on them; not who works there ("colleagues in support")."""
_FORMAL = re.compile(
    r"^[>*_ \t]*(?:(?:dear|hello|hi|good (?:morning|afternoon|evening)) (?:(?:mr|mrs|ms|mx|dr|prof)\b|miss [A-Z]|"
    r"\[?(?:[\w'’-]+ ){0,3}(?:sirs?|madam|professor|manager|committee|editors?|board|officer|recruiter|council|ambassador|authority|agency|representative)\b)[^\n]{0,60}[,:][*_ \t]*\r?$|"
    rf"dear {OFFICE}(?: (?:team|staff|department|office|desk|unit|cent(?:er|re)))?(?: (?:at|of) [^\n,:]{{1,40}})?[,:][*_ \t]*\r?$|"
    r"to whom it may concern\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""Who is called by a title or an office; friends who work there are greeted otherwise than by "Dear Support Team"."""
_PARTED = re.compile(rf"^[>*_ \t]*(?:{_PARTING})[,!]?[*_ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
"""Of a letter that stands inside an answer: who sends it has a greeting or sign-off in there already."""
_UNDER_LETTER = re.compile(
    rf"^[*_ \t]*(?:{_PARTING})[,!]?[*_ \t]*(?:\r?\n[ \t]*){{1,2}}[^\n!?:]{{0,39}}[^\s.!?:](?:\r?\n[ \t]*[^\n]{{1,40}}){{0,4}}\r?\n[ \t]*\r?\n\s*",
    re.IGNORECASE | re.MULTILINE,
)
"""From a sign-off to where something else begins below the name: who sends the letter says nothing there."""
RULE = re.compile(r"\n[ \t]*\r?\n[ \t]*[-*_]{3,}[ \t]*(?=\r?\n|\Z)")
"""A line that sets apart what follows."""
_NAMED = 200
"""Code points that name and place of who signs may have."""
SIGNED = 200
"""Code points from the end in which a sign-off may begin."""
MAIL = "mail"
"""How the habits of mail are named."""


def sign_off_of(text: str) -> re.Match[str] | None:
    """The sign-off that a text ends with."""
    return SIGN_OFF.search(text, max(0, len(text) - SIGNED))


def body(text: str) -> Span:
    """What stands between greeting and sign-off."""
    greeting, sign_off = GREETING.match(text), sign_off_of(text)
    start, end = greeting.end() if greeting else 0, sign_off.start() if sign_off else len(text)
    return Span(start, max(start, end))


def is_letter(text: str) -> bool:
    """Whether a text has a greeting or a sign-off, at its edges or inside."""
    begin, end = body(text)
    return begin > 0 or end < len(text) or bool(_SALUTATION.search(text) or _PARTED.search(text))


def ends_letter(text: str, start: int, end: int, after: str) -> bool:
    """Whether a letter is talked about below a sign-off at text[start:end]. after: what follows the text."""
    below = f"{text[end:]}\n\n{after.lstrip()}"
    return bool(RULE.search(below[:_NAMED])) or (bool(OWN_NAME.search(text, start, end)) and _is_talked_of(below))


def _is_talked_of(below: str) -> bool:
    """Whether sentences follow that are no letter's, nor lead in another."""
    return bool(_TALK.match(below)) and not any(has_frame(name, below) for name in ("greeting", "sign_off"))


def has_frame(name: str, text: str) -> bool:
    """Whether there is a greeting, or a subject, or a sign-off (by the feature's name) anywhere in a text."""
    return bool((_SALUTATION if name == "greeting" else _PARTED).search(text))


def without_lines(sign_off: re.Match[str]) -> str:
    """A sign-off with its name, without the lines below that."""
    return sign_off["text"][: len(sign_off["text"]) - len(sign_off["lines"] or "")]


def awaits_name(text: str, start: int, end: int) -> bool:
    """Whether a placeholder stands where who sends a letter puts their name: alone in the line below a parting phrase."""
    if not OWN_NAME.fullmatch(text, start, end):
        return False
    above, _, left = text[max(0, start - SIGNED) : start].rpartition("\n")
    right = text[end : end + SIGNED].partition("\n")[0]
    return not f"{left}{right}".strip() and bool(_PARTED.fullmatch(above.rstrip().rpartition("\n")[2]))


def is_formal(text: str) -> bool:
    """Whether a text is, or has in it, a letter to someone who is called by a title or an office: "Dear Dr Hale", "Dear Sir or Madam"."""
    return bool(_FORMAL.search(text))


def frame_key(name: str, formal: bool, mail: bool = False) -> str:
    """People greet and sign off otherwise in formal letters and in mail, so these are habits of their own. mail: whether it surely is."""
    return f"{name}:formal letter" if formal else f"{name}:{MAIL}" if mail else name


def end_left_open(text: str) -> int:
    """Where a letter ends behind a place for a name, below which it is talked about; 0 if none does."""
    end = max((match.end() for match in _LEFT_OPEN.finditer(text)), default=0)
    return end if end and _is_talked_of(text[end:]) else 0


def below_letter(text: str) -> int:
    """Where something begins below the last letter's signature; the text's end where nothing does."""
    return max((match.end() for match in _UNDER_LETTER.finditer(text)), default=len(text))
