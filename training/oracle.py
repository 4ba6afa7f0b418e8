"""The oracle: the evaluation flattener's rules backwards. It cheats, and so is the ceiling of restoration."""

from __future__ import annotations

import re
from collections.abc import Callable

from rpo_edge.edits import apply, disjoint
from rpo_edge.records import Edit

# The evaluation flattener's rules, backwards: (generic form, author's form, what the author's form looks like).
# A replacement may use groups of the generic pattern. Sites are counted by the same patterns in the author's texts.
INVERSES: tuple[tuple[str, str, str], ...] = (
    (r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should) not\b", r"\1n't", r"\b(?:do|does|did|is|are|was|were|has|have|had|would|could|should)n't\b"),
    (r"\b([Cc]an)not\b", r"\1't", r"\b[Cc]an't\b"), (r"\b([Ww])ill not\b", r"\1on't", r"\b[Ww]on't\b"),
    (r"\bI am\b", "I'm", r"\bI'm\b"), (r"\b([Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Hh]e|[Ss]he) is\b", r"\1's", r"\b(?:[Ii]t|[Tt]hat|[Tt]here|[Ww]hat|[Hh]e|[Ss]he)'s\b"),
    (r"\b(\w+) are\b", r"\1're", r"\b\w+'re\b"), (r"\b(I|[Yy]ou|[Ww]e|[Tt]hey) have\b", r"\1've", r"\b(?:I|[Yy]ou|[Ww]e|[Tt]hey)'ve\b"),
    (r"\b(I|[Yy]ou|[Ww]e|[Tt]hey|[Ii]t) will\b", r"\1'll", r"\b(?:I|[Yy]ou|[Ww]e|[Tt]hey|[Ii]t)'ll\b"),
    (r"(?<=\w)\.(?=\s|$)", "!", r"(?<=\w)!(?=\s|$)"), (r"(?<=\w)\.(?=\s|$)", "...", r"(?<=\w)\.\.\.(?=\s|$)"),
    (r"(?<=\w), (?=\w)", " - ", r"(?<=\w) - (?=\w)"), (r"(?<=\w), (?=\w)", " -- ", r"(?<=\w) -- (?=\w)"), (r"(?<=\w), (?=\w)", "—", r"(?<=\w)—(?=\w)"),
    (r"(?<=\w)\. (?=[A-Z])", "; ", r"(?<=\w); (?=\w)"), (r" and (?=\w)", " & ", r" & (?=\w)"), (r"\bYes\b", "Yeah", r"\bYeah\b"), (r"\byes\b", "yeah", r"\byeah\b"),
    (r"(?:^|(?<=[.!?] ))Therefore, ", "So ", r"(?:^|(?<=[.!?] ))So,? "), (r"(?:^|(?<=[.!?] ))However, ", "But ", r"(?:^|(?<=[.!?] ))But "),
    (r"(?:^|(?<=[.!?] ))Additionally, ", "And ", r"(?:^|(?<=[.!?] ))And "), (r"\bmaterial\b", "stuff", r"\bstuff\b"), (r"\bmany\b", "a lot of", r"\b(?:a lot|lots) of\b"),
    (r"\bobtain (?=(?:a|the|some|your|our)\b)", "get ", r"\bget (?=(?:a|the|some|your|our)\b)"),
    (r"\butilize (?=(?:a|the|it|this|that|an)\b)", "use ", r"\buse (?=(?:a|the|it|this|that|an)\b)"), (r"\butilizing (?=(?:a|the|it|this|that|an)\b)", "using ", r"\busing (?=(?:a|the|it|this|that|an)\b)"),
    (r"\bmust\b", "need to", r"\bneed to\b"), (r"\bsignificant\b", "big", r"\bbig\b"), (r"\bsomewhat ", "kind of ", r"\b(?:kind|sort) of "),
    (r"\bvery (?=[a-z])", "really ", r"\breally (?=[a-z])"), (r"\bvery (?=[a-z])", "pretty ", r"\bpretty (?=[a-z])"), (r"\bassist (?=[a-z]+ )", "help ", r"\bhelp (?=[a-z]+ )"),
    (r"\bdemonstrates\b", "shows", r"\bshows\b"), (r"\bperhaps\b", "maybe", r"\bmaybe\b"), (r"\bPerhaps\b", "Maybe", r"\bMaybe\b"), (r"\bchildren\b", "kids", r"\bkids\b"),
    (r"\bresolve\b", "fix", r"\bfix\b"), (r"\bacceptable\b", "OK", r"\b(?:ok|OK)\b"), (r"\b([Cc]ol|[Ff]av|[Bb]ehavi|[Hh]on|[Ll]ab)or", r"\1our", r"(?:[Cc]ol|[Ff]av|[Bb]ehavi|[Hh]on|[Ll]ab)our"),
    (r"\b(real|organ|recogn|general|optim|initial|custom|summar)iz(e|ed|es|ing)\b", r"\1is\2", r"\b(?:real|organ|recogn|general|optim|initial|custom|summar)is(?:e|ed|es|ing)\b"),
    (r"(?<=\w) (and|or) (?=(?:I|it|we|he|she|they|you|there|that|this)\b)", r", \1 ", r"(?<=\w), (?:and|or) (?=(?:I|it|we|he|she|they|you|there|that|this)\b)"),
    (r"(?<=\w) (and|or) (?!(?:I|it|we|he|she|they|you|there|that|this)\b)", r", \1 ", r"(?<=\w), (?:and|or) (?!(?:I|it|we|he|she|they|you|there|that|this)\b)"),
)  # fmt: skip
_COMPILED = tuple((re.compile(generic), own, re.compile(looks)) for generic, own, looks in INVERSES)


def count(text: str) -> tuple[tuple[int, int], ...]:
    """For each of INVERSES: how often a text has the generic form, and the author's."""
    return tuple((len(generic.findall(text)), len(looks.findall(text))) for generic, _, looks in _COMPILED)


def invert(draft: str, rates: list[float], decide: Callable[[float], bool]) -> str:
    """The flattener backwards: each generic form goes where `decide(the author's rate)` says so."""
    edits = []
    for (generic, own, _), rate in sorted(zip(_COMPILED, rates, strict=True), key=lambda pair: -pair[1]):
        for match in generic.finditer(draft):
            if decide(rate):
                edits.append(Edit(match.start(), match.end(), match[0], match.expand(own), "oracle"))
    return apply(draft, disjoint(edits))
