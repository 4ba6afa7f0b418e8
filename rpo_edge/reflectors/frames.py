"""Greeting and sign-off: whose stands around a draft, for `rules`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from rpo_edge.features.base import Site, like
from rpo_edge.features.context import without_quoted
from rpo_edge.features.framing import fits_behind, is_greeted, opener_end
from rpo_edge.features.letters import CONDOLES, GREETING, OWN_NAME, SIGN_OFF, body, frame_key, has_frame, without_lines
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.rates import FEWEST_FRAMES, Rates
from rpo_edge.segment import WORD, line_mark

_LARGEST_ABSENCE = 0.5  # a greeting or sign-off is added only for those who use one more often than not
_FEWEST_WORDS = 25  # what is shorter is an answer ("42", "yes"), no letter
_NO_LETTER = re.compile(r"[ \t]*(?:\||```|~~~|\*\*|\(?\d{1,2}/\d{0,2}\)?[ \t])| {4}|\t")
"""A line of a table, of code or of a thread ("2/ "), or one that is led by bold."""
_SPEECH = re.compile(r'[,.!?…]["”]')
_IN_STARS = r"\*[^*\n]+\*"
_ADDRESSES = re.compile(r"\b(?:I|me|my|we|us|our|you|your)\b(?!['’]s)", re.IGNORECASE)
"""Somebody who writes, or is written to: stories and essays have none outside of what others say."""
_FEWEST_STATED = 12  # for who asked for one, and while the rest is still to come
_NEEDS_NAME = frozenset({"dear"})
_ROLES = frozenset(
    [
        "sir",
        "madam",
        "manager",
        "committee",
        "editor",
        "professor",
        "officer",
        "board",
        "recruiter",
        "members",
        "god",
        "lord",
        "heavenly",
        "jesus",
    ]
)
_MARKS = ",!.:-—– "
_FEWEST_SIGNED, _SAME_NAME = 3, 0.8
"""Sign-offs that show the user's name, and the share of them that must agree in it."""


def key_of(site: Site, rates: Rates, window: Window) -> str:
    """Whose habits a greeting or sign-off follows: those of formal letters, of mail if there is any, or of other texts. Who greets in mail alone
    greets nobody in an answer.
    """
    mail = rates.knows(frame_key(site.name, False, True)) and (site.variant != "none" or _is_letter(window))
    return frame_key(site.name, window.formal, mail)


def _is_letter(window: Window) -> bool:
    """Whether a greeting or a sign-off stands where one belongs, as far as the draft is known."""
    whole = _shown(window)
    return _greets(window) or body(whole).end < len(whole)


def _greets(window: Window) -> bool:
    """Whether a greeting stands where the draft begins."""
    return is_greeted(window.opening) or (_begins(window) and is_greeted(_shown(window)))


def framed(site: Site, rates: Rates, window: Window) -> tuple[str, str] | None:
    """What a site of either changes to: the variant, with its text; None if it stays. The user's commonest replaces the draft's; it is added only where
    it is a habit, and to prose."""
    stated = site.name in rates.stated
    own = _own_frame(site.key, rates)
    if own is None:
        gone = stated and site.variant != "none" and site.end - site.start >= len(site.variant)
        return ("none", "") if gone else None
    if site.variant.lower() == own.lower() or CONDOLES.search(site.variant):
        return None
    if site.variant == "none":
        if not (_is_added(site.key, rates) and _can_be_framed(site.name, window, stated)):
            return None
        if site.name == "sign_off" and not stated and not _is_greeted(replace(site, key="greeting"), rates, window):
            return None
        text = own if site.name == "sign_off" else own[:1].upper() + own[1:]
        blank = "\r\n\r\n" if "\r\n" in f"{window.lead}{window.text}" else "\n\n"
        return own, f"{text.rstrip(',')}{rates.main('greeting_mark') or ','}{blank}" if site.name == "greeting" else f"{blank}{text}"
    written = window.text[site.start : site.end]
    if site.name == "greeting":
        text = _greeted(own, written, stated, None if window.formal else rates.main("greeting_mark"))
    else:
        place = OWN_NAME.search(written)
        text = _signed(own, written, site.variant, stated or bool(place and _is_ones_name(own, site.key, rates)))
    return None if text == written else (own, text)


def _own_frame(key: str, rates: Rates) -> str | None:
    """The user's commonest greeting or sign-off, if it is a habit."""
    seen = {v: n for v, n in rates.seen(key).items() if v != "none" and n >= FEWEST_FRAMES and not CONDOLES.search(v)}
    return max(sorted(seen), key=lambda variant: seen[variant], default=None)


def _absence(key: str, rates: Rates) -> float:
    """The share of the user's texts that have none."""
    seen = rates.seen(key)
    return seen.get("none", 0.0) / max(1.0, sum(seen.values()))


def _is_added(key: str, rates: Rates) -> bool:
    """Whether the user's greeting or sign-off may stand where a draft has none."""
    own = _own_frame(key, rates)
    return own is not None and own.lower() not in _NEEDS_NAME and _absence(key, rates) <= _LARGEST_ABSENCE


def _is_greeted(site: Site, rates: Rates, window: Window) -> bool:
    """Whether a greeting stands where the draft begins, or is put there; or the user signs what has none. Others sign no answer."""
    key = key_of(site, rates, window)
    if _greets(window) or _absence(key, rates) > _LARGEST_ABSENCE:
        return True
    first = window if window.first else Window(window.opening, 0, last=False, sentence=window.sentence)
    return _is_added(key, rates) and _can_be_framed("greeting", first, "greeting" in rates.stated)


def _greeted(own: str, written: str, stated: bool, usual: str | None) -> str:
    """A greeting in the user's word, with the draft's name; what greets nobody in particular has no room for one, and one for a name needs it.

    usual: the mark behind the user's greetings.
    """
    match = GREETING.match(written)
    named = WORD.search(match["rest"]) if match else None
    if not match or (own.lower() in _NEEDS_NAME and not (named and " " not in match["word"])) or (named and " " in own and not stated):
        return written
    name = match["rest"].rstrip(_MARKS)
    if not stated and own.lower() not in _NEEDS_NAME and not _ROLES.isdisjoint(name.lower().split()):
        return written  # "Hi Sir or Madam"
    mark = match["rest"][len(name) :]
    if usual and fits_behind(written, match.end(), mark, usual):
        mark = usual
    if own.lower() in _NEEDS_NAME and mark != ":":  # "Dear Mr Hale:" is a formal letter, "Dear John!" none at all
        mark = ","
    if " " not in own:
        word, _, everyone = match["word"].partition(" ")
        if everyone and word.lower() != "good" and not (stated or named):
            name = f" {everyone}"
        return f"{like('Hi', own.rstrip(_MARKS))}{name}{mark}{written[match.end() :]}"  # a stated one may have a mark, too
    return f"{like('Hi', own)}{'' if own[-1] in _MARKS else mark}{written[match.end() :]}"


def _signed(own: str, written: str, variant: str, named: bool) -> str:
    """A sign-off in the user's words over the draft's name; named: over the user's."""
    draft, mine = (SIGN_OFF.fullmatch(text) for text in (variant, own))
    if not draft or not mine or not draft["name"]:
        return own
    name = written[len(draft["phrase"]) :]
    if name and named and mine["name"]:
        return without_lines(mine)
    beside = draft["phrase"].endswith(",") and not mine["phrase"].endswith(",") and name.startswith(" ")
    return f"{mine['phrase']}{',' * beside}{name}"


def _is_ones_name(own: str, key: str, rates: Rates) -> bool:
    """Whether nearly all of the user's sign-offs that have a name have the one that `own` has."""
    names: Counter[str] = Counter()
    for variant, n in rates.seen(key).items():
        if (match := SIGN_OFF.fullmatch(variant)) and match["name"]:
            names[_name(match)] += int(n)
    match = SIGN_OFF.fullmatch(own)
    mine = names[_name(match)] if match and match["name"] else 0
    return mine >= _FEWEST_SIGNED and mine >= _SAME_NAME * names.total()


def _name(match: re.Match[str]) -> str:
    return without_lines(match)[len(match["phrase"]) :].strip(" \t\r\n-—–")


def _can_be_framed(name: str, window: Window, stated: bool) -> bool:
    """Whether a greeting or sign-off may be put where a draft has none: it is a letter by the other one, or prose of some length, of less for who asked
    for it. What has a heading, a table or code, or begins or ends with a list, is a document, whoever writes letters; what
    has a letter inside, or begins by leading in something, is an answer.
    """
    whole = _shown(window)
    if has_frame(name, whole):
        return False
    if _begins(window) and is_greeted(whole):
        return True
    lines = [line for line in whole[opener_end(whole) :].splitlines() if line.strip()]
    if has_frame("greeting", whole) or (_begins(window) and lines[:1] and lines[0].rstrip("*_ \t").endswith(":")):
        return False
    if body(whole).end < len(whole):
        return True
    edges = [*lines[: int(window.first)], *lines[len(lines) - int(window.last) :]]
    if any(map(line_mark, edges)) or any(line_mark(line).startswith("#") or _NO_LETTER.match(line) for line in lines):
        return False
    if not stated and _SPEECH.search(whole) and not _ADDRESSES.search(without_quoted(whole, "", _IN_STARS)):
        return False  # a story, or an essay
    return len(WORD.findall(whole)) >= (_FEWEST_STATED if stated or window.sentence else _FEWEST_WORDS)


def _shown(window: Window) -> str:
    """All that is known of the draft around a window."""
    return f"{window.before}{window.text}{window.after}"


def _begins(window: Window) -> bool:
    """Whether that begins with the draft."""
    return window.start == len(window.before)
