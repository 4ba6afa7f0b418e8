"""failures.html: what went wrong, worst first, for a person to read. One file, which asks nothing of any network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from html import escape

from rpo_edge.records import Edit
from training.evaluation.outcome import Failure

SHOWN = 40
"""Failures of each part."""

_PARTS = {
    "restoration": "Restored texts that went away from the author's own words",
    "transfer": "Texts flattened by the builders' neutralisers that went away from the author's own words",
    "drafts": "Real drafts where something was lost, invented or half applied",
    "personas": "Drafts for made-up users that were changed otherwise than their voice would have it",
    "preferences": "Drafts with places that do not obey what the user stated",
    "titles": "Titles that are farther from the author's than the first words of the abstract",
}
_PIECE = re.compile(r"\S+\s*|\s+")

_STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1b1b; --line: #ccc; --good: #d2efd9; --bad: #fbd5d0; --own: #fdf0b4; }
@media (prefers-color-scheme: dark) {
  :root { --page: #17191c; --text: #e4e4e4; --line: #444; --good: #1d4a2b; --bad: #662722; --own: #574a13; }
}
body { background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
h3 { margin: 0 0 .5rem; font-size: 1rem; }
.texts { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1rem; }
.texts h4 { margin: 0; font-size: .8rem; text-transform: uppercase; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
del, ins, mark { color: inherit; border-radius: .2rem; }
ins { text-decoration: underline; }
.good { background: var(--good); } .bad { background: var(--bad); } mark { background: var(--own); }
table { border-collapse: collapse; margin-top: .75rem; font-size: .85rem; }
td, th { border: 1px solid var(--line); padding: .1rem .5rem; text-align: left; vertical-align: top; white-space: pre-wrap; }
"""

_LEGEND = (
    "In the draft, <del class='bad'>struck out</del>: words that the author has and the rewrite lost; "
    "<del class='good'>these</del> the author has not either. In the rewrite, <ins class='bad'>put in</ins>: the author did not write "
    "that; <ins class='good'>this</ins> is as the author wrote it. In the author's own words, <mark>marked</mark>: what the rewrite lacks. "
    "Where there are no words of the author's, all changes are <ins>marked alike</ins>."
)


def page(failures: Iterable[Failure], about: str) -> str:
    """The whole page. about: what was evaluated."""
    found = sorted(failures, key=lambda failure: (-failure.worse, failure.title))
    sections = "".join(_section(title, [f for f in found if f.part == part]) for part, title in _PARTS.items())
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Failures</title><style>{_STYLE}</style>'
    body = f"<h1>Failures</h1>\n<p>{escape(about)}</p>\n<p>{_LEGEND}</p>\n{sections}"
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}</body>\n</html>\n'


def _section(title: str, found: Sequence[Failure]) -> str:
    count = f"{len(found)} found, the worst {SHOWN} shown." if len(found) > SHOWN else f"{len(found)} found."
    articles = "".join(_article(number, failure) for number, failure in enumerate(found[:SHOWN], 1))
    return f"<h2>{escape(title)}</h2>\n<p>{count}</p>\n{articles}"


def _article(number: int, failure: Failure) -> str:
    texts = [("Draft", _draft(failure)), ("Rewrite", _rewrite(failure))]
    if failure.target is not None:
        texts.append(("The author's own words", _marked(failure.target, unlike(failure.target, failure.rewrite), lambda i: "mark")))
    shown = "".join(f'<div><h4>{name}</h4><p class="text">{text}</p></div>' for name, text in texts)
    title = escape(failure.title)
    return f'<article>\n<h3>{number}. {title}</h3>\n<div class="texts">{shown}</div>\n{_edits(failure.edits)}</article>\n'


def _draft(failure: Failure) -> str:
    """The draft; what the rewrite lacks is struck out, and bad where the author has it."""
    strange = unlike(failure.draft, failure.target) if failure.target is not None else None
    return _marked(failure.draft, unlike(failure.draft, failure.rewrite), lambda i: f"del{_judged(i, strange)}")


def _rewrite(failure: Failure) -> str:
    """The rewrite; what the draft lacks is underlined, and bad where the author has it not."""
    strange = unlike(failure.rewrite, failure.target) if failure.target is not None else None
    return _marked(failure.rewrite, unlike(failure.rewrite, failure.draft), lambda i: f"ins{_judged(i, strange, put_in=True)}")


def _judged(i: int, strange: set[int] | None, put_in: bool = False) -> str:
    """Class of a changed piece; strange: those that the author has not."""
    if strange is None:
        return ""
    return ' class="good"' if (i in strange) != put_in else ' class="bad"'


def unlike(one: str, other: str) -> set[int]:
    """Numbers of the pieces (words with the space after them) of one text that the other has not."""
    a, b = ([piece.strip() for piece in _PIECE.findall(text)] for text in (one, other))
    kept: set[int] = set()
    for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        kept.update(range(block.a, block.a + block.size))
    return set(range(len(a))) - kept


def _marked(text: str, numbers: set[int], tag: Callable[[int], str]) -> str:
    """Escaped text, with the pieces of those numbers in elements."""
    found = []
    for i, piece in enumerate(_PIECE.findall(text)):
        word = piece.rstrip()
        if i in numbers and word:
            opening = tag(i)
            found.append(f"<{opening}>{escape(word)}</{opening.partition(' ')[0]}>{escape(piece[len(word) :])}")
        else:
            found.append(escape(piece))
    return "".join(found)


def _edits(edits: Sequence[Edit]) -> str:
    if not edits:
        return "<p>No edits.</p>\n"
    rows = "".join(f"<tr>{''.join(f'<td>{escape(_seen(cell))}</td>' for cell in (e.before, e.after, e.reason))}</tr>\n" for e in edits)
    return f"<table>\n<tr><th>was</th><th>became</th><th>why</th></tr>\n{rows}</table>\n"


def _seen(cell: str) -> str:
    """Space at the ends would not be seen."""
    return cell if cell == cell.strip() and cell else f"“{cell}”"
