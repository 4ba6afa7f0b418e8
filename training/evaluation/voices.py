"""Voices: made-up manners of writing, each feature always one way, and how a text is put in one.

The evaluation's own: nothing here is taken from the features that reflectors read and write by, nor from what trains them, so what a voice
does may well be more than a reflector knows. A voice has a way for every feature, so a text rendered through it shows all that there is to
learn; a way is a list of substitutions outside of frozen spans, that leave a text as it is where they have been made already.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import cache

from rpo_edge.steps.freeze import freeze

Put = str | Callable[[re.Match[str]], str]
Way = tuple[tuple[re.Pattern[str], Put], ...]
Voice = Mapping[str, str]
"""feature -> the name of its way."""

_FULL = (
    "do not=don't does not=doesn't did not=didn't is not=isn't are not=aren't was not=wasn't were not=weren't have not=haven't has not=hasn't had not=hadn't "
    "would not=wouldn't could not=couldn't should not=shouldn't cannot=can't will not=won't"
)
_SUBJECTS = (
    "he is=he's she is=she's here is=here's what is=what's it is=it's that is=that's there is=there's I am=I'm you are=you're we are=we're they are=they're I have=I've you have=you've we have=we've they have=they've "
    "I will=I'll you will=you'll we will=we'll they will=they'll it will=it'll I would=I'd you would=you'd we would=we'd they would=they'd"
)
_WORDS = (
    "utilize=use,utilizes=uses,utilized=used,utilizing=using,assist=help,assists=helps,assisting=helping,commence=start,commences=starts,numerous=many,"
    "additional=extra,sufficient=enough,approximately=about,frequently=often,perhaps=maybe,purchase=buy,in order to=to,prior to=before,"
    "obtain=get,obtains=gets,obtaining=getting,demonstrate=show,demonstrates=shows,ensure that=make sure that,a wide range of=all kinds of,difficult=hard,primarily=mostly,"
    "individuals=people,various=different,therefore=so,crucial=key,entire=whole,significant=big,rapidly=quickly,enhance=improve,enhances=improves,enhancing=improving"
)
_EVERYONES = frozenset(
    [
        "to",
        "so",
        "about",
        "key",
        "before",
        "different",
        "get",
        "gets",
        "getting",
        "people",
        "big",
        "use",
        "uses",
        "used",
        "using",
        "help",
        "helps",
        "helping",
    ]
)
"""Plain words that have more than their formal twin's meaning, so a formal voice leaves them."""
_BRITISH = (
    "colour=color colours=colors favourite=favorite behaviour=behavior behaviours=behaviors neighbour=neighbor neighbours=neighbors honour=honor labour=labor flavour=flavor "
    "flavours=flavors centre=center centres=centers theatre=theater organise=organize organised=organized organisation=organization organisations=organizations realise=realize "
    "realised=realized recognise=recognize recognised=recognized analyse=analyze analysed=analyzed analysing=analyzing optimise=optimize optimised=optimized summarise=summarize "
    "emphasise=emphasize prioritise=prioritize maximise=maximize minimise=minimize customise=customize travelled=traveled travelling=traveling modelling=modeling labelled=labeled "
    "defence=defense licence=license grey=gray towards=toward"
)
_CHAT = (
    "going to=gonna,want to=wanna,have got to=gotta,because=cause,though=tho,although=altho,through=thru,please=pls,thanks=thx,okay=ok,people=ppl,probably=prob,about=abt,you=u,"
    "your=ur,are=r,yes=yeah,something=smth,with=w/"
)
_ENDS = r"(?![\w'’*_-])"
_BEGINS = r"(?<![\w'’*_/-])"
_ITEM = r"(?:(?!and\b|or\b)[\w’'-]+ ?){1,4}(?<! )"
_LISTED = (
    rf"(?!\w+ing\b|(?:which|who|where|when|but|so|such|as|like|in|on|at|of|to|for|from|with|by|even|especially|particularly)\b){_ITEM}"
)
"""What a list's middle item begins with: no clause or phrase that a comma sets off from the rest."""
_NO_SUFFIX = r"(?:(?:cap|re|over|out|down|mid|full|half)?-?siz|priz|seiz)"
_SENTENCE = r"(?:(?<=^)|(?<=\n)|(?<=[a-z)][.!?] )|(?<=[.!?]\n))"
_STARTS = re.compile(
    r"(?P<lead>^[ \t]*(?:[-*>] |\d+[.)] )?[\"“'‘]?|(?<=[\w\"”’)`]{2})[.!?][\"”’')]* +[\"“'‘]?)(?P<word>[A-Z][\w'’-]*)", re.MULTILINE
)
_STOCK = (
    rf"{_SENTENCE}(?:(?:In (?:conclusion|summary|short)|To (?:summarize|conclude|sum up)|Overall|Ultimately|Remember|As an AI(?: language model)?), "
    r"|(?:(?:Please )?(?:note|remember|keep in mind)|Note|Remember|Keep in mind) that (?=(?:I|you|we|it|they|there|the|an?|this|these|your|our|my)\b)"
    r"|It(?:['’]s| is)(?: also)? (?:important|worth|essential|crucial)(?: to)? (?:note|noting|remember|mention|mentioning|keep in mind|understand) that (?=(?:I|you|we|it|they|there|the|an?|this|these|your|our|my)\b))(?P<next>\w)"
)
_AUXILIARY_NEXT = r"(?! (?:been|got|had|become|taken|made|done|gone|seen|to)\b)(?=[ ]\w)"


def _like(found: str, put: str) -> str:
    if found[:1].isupper() and not found.startswith(("I ", "I'")):
        return put[:1].upper() + put[1:]
    return put


def _swap(pairs: Mapping[str, str], after: str = _ENDS) -> Way:
    """Each form for its pair, in the case of what stands there."""
    forms = "|".join(re.escape(form) for form in sorted(pairs, key=len, reverse=True)).replace("'", "['’]")
    lower = {form.lower(): put for form, put in pairs.items()}

    def put(match: re.Match[str]) -> str:
        return _like(match[0], lower[match[0].lower().replace("’", "'")])

    return ((re.compile(f"{_BEGINS}(?:{forms}){after}", re.IGNORECASE), put),)


def _pairs(text: str, comma: bool = False) -> dict[str, str]:
    if comma:
        return dict(pair.split("=", 1) for pair in text.split(","))  # type: ignore[misc]
    return dict(re.findall(r"((?:\w+ )?\w+)=([\w']+)", text))


def _back(pairs: Mapping[str, str]) -> dict[str, str]:
    back: dict[str, str] = {}
    for one, other in pairs.items():
        back.setdefault(other, one)
    return back


def _raised(match: re.Match[str]) -> str:
    return match["next"].upper()


def _sub(*rules: tuple[str, Put]) -> Way:
    return tuple((re.compile(pattern, re.MULTILINE), to) for pattern, to in rules)


def _stopless(match: re.Match[str]) -> str:
    """Paragraphs of prose lose their last full stop; list items, headings, tables and quotations keep it."""
    line = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    return "." if re.match(r"[ \t]*(?:[-*>#|•]|\d+[.)] )", line) else ""


def _lower(text: str) -> str:
    """Each sentence's first letter, also of list items, but of "I", of what is capitalised elsewhere, and of labels and names in lists."""
    names = set(re.findall(r"(?<=[a-z,;] )[A-Z][\w'’-]*", text))

    def put(match: re.Match[str]) -> str:
        line = text[text.rfind("\n", 0, match.start("word")) + 1 :].partition("\n")[0]
        label = match["lead"].strip() and not re.search(r"[.!?]", line)
        keep = match["word"] == "I" or match["word"].isupper() or match["word"] in names or label
        return match["lead"] + (match["word"] if keep else match["word"].lower())

    return _STARTS.sub(put, text)


@cache
def ways() -> dict[str, dict[str, Way]]:
    """feature -> way -> its substitutions; the first way of a feature is what most model's drafts show."""
    full, subjects, words, british = _pairs(_FULL), _pairs(_SUBJECTS), _pairs(_WORDS, True), _pairs(_BRITISH)
    chat = _pairs(_CHAT, True)
    formal = {plain: form for plain, form in _back(words).items() if plain not in _EVERYONES}
    return {
        "contraction": {
            "full": (*_swap(_back(full)), *_swap(_back(subjects), _AUXILIARY_NEXT)),
            "contracted": (*_swap(full), *_swap(subjects, r"(?=[ ]\w)(?! not\b)")),
        },
        "opening": {
            "formal": _sub((rf"{_SENTENCE}But (?=(?:I|it|we|you|they|the|this|that|there)\b)", "However, "), (rf"{_SENTENCE}So,? (?=(?:I|it|we|you|they|the|this|that|there)\b)", "Therefore, "), (rf"{_SENTENCE}Also, ", "Additionally, ")),
            "plain": _sub((rf"{_SENTENCE}However, ", "But "), (rf"{_SENTENCE}(?:Therefore|Thus|Consequently|As a result), ", "So "), (rf"{_SENTENCE}(?:Additionally|Furthermore|Moreover|In addition), ", "Also, ")),
        },
        "words": {"formal": _swap(formal), "plain": _swap(words)},
        "spelling": {"american": _swap(british), "british": (*_swap(_back(british)), *_sub((rf"\b(?!{_NO_SUFFIX})(?P<stem>\w{{2,}}i)z(?=(?:e|ed|es|ing|ations?)\b)", r"\g<stem>s")))},
        "oxford": {
            "with": _sub((rf"(?P<a>, {_LISTED}) (?P<b>and|or) (?={_ITEM}(?:[.!?]|$))", r"\g<a>, \g<b> ")),
            "without": _sub((rf"(?P<a>, {_LISTED}), (?P<b>and|or) (?={_ITEM}(?:[.!?]|$))", r"\g<a> \g<b> ")),
        },
        "dash": {
            "em": _sub((r"(?<=[a-z]) (?:-|–|—|--) (?=[a-z])|(?<=\w)--(?=\w)", "—")),
            "hyphen": _sub((r"(?<=[a-z]) ?[—–] ?(?=[a-z])", " - ")),
            "comma": _sub((r"(?<=[a-z]) ?— ?(?=[a-z])|(?<=[a-z]) [-–] (?=[a-z])", ", ")),
        },
        "exclamation": {"kept": (), "never": _sub((r"(?<=\w)!+(?=\s|$)", "."))},
        "semicolon": {"kept": (), "never": _sub((r"(?<=\w); (?P<next>[a-z])", lambda m: ". " + m["next"].upper()))},
        "latin": {"short": _sub((r"\bfor example, ", "e.g. "), (r"\bthat is, ", "i.e. ")), "words": _sub((r"\be\.g\.,? ", "for example, "), (r"\bi\.e\.,? ", "that is, "))},
        "ampersand": {"and": (), "sign": _sub((r"(?<=[a-z]) and (?=[a-z])", " & "))},
        "intensifier": {"kept": (), "really": _sub((r"\b(?:very|extremely) (?=[a-z])", "really ")), "very": _sub((r"\b(?:really|extremely) (?=(?!have|need|do|want|like)[a-z])", "very "))},
        "case": {"standard": (), "lower": ()},
        "apostrophe": {"straight": _sub((r"(?<=\w)’(?=\w)", "'")), "curly": _sub((r"(?<=\w)'(?=\w)", "’"))},
        "chat": {"standard": (), "short": _swap(chat)},
        "last_stop": {"kept": (), "none": _sub((r"(?<=\w)\.(?=[ \t]*\n[ \t]*\n|\s*\Z)", _stopless))},
        "greeting": {"none": (), "hi": (), "hello": ()},
        "sign_off": {"none": (), "cheers": (), "best": ()},
        "stock": {"dropped": _sub((_STOCK, _raised))},
    }  # fmt: skip


_FRAMES = {"hi": "Hi,\n\n", "hello": "Hello there,\n\n", "cheers": "\n\nCheers,\nSam", "best": "\n\nBest wishes"}
_SELDOM = {"case": 0.3, "chat": 0.15, "greeting": 0.4, "sign_off": 0.4, "ampersand": 0.25, "last_stop": 0.25, "apostrophe": 0.25}
"""How often a voice has another way than the first, where that is not by even lot."""


def voice(rng: random.Random) -> Voice:
    """One by lot."""
    found = {}
    for feature, options in ways().items():
        first, *others = options
        plain = feature in _SELDOM and rng.random() >= _SELDOM[feature]
        found[feature] = first if plain else rng.choice(others if feature in _SELDOM else list(options))
    return found


def rendered(text: str, voice: Voice) -> str:
    """The text in the voice."""
    for feature, way in voice.items():
        for pattern, to in ways()[feature][way]:
            text = _outside_frozen(text, pattern, to)
    if voice.get("case") == "lower":
        text = _lower(text)
    if not text.strip():
        return text
    return f"{_FRAMES.get(voice.get('greeting', ''), '')}{text}{_FRAMES.get(voice.get('sign_off', ''), '')}"


def _outside_frozen(text: str, pattern: re.Pattern[str], to: Put) -> str:
    """Matches that touch no frozen span are replaced; a frozen span is context for what stands around it."""
    frozen = [(start, end) for start, end, _ in freeze(text)]

    def put(match: re.Match[str]) -> str:
        if any(start < match.end() and match.start() < end for start, end in frozen):
            return match[0]
        return to(match) if callable(to) else match.expand(to)

    return pattern.sub(put, text)
