"""The parts of a card that are about an evaluation: its main figures, every suite, what the model cannot do, and the worst failures with their texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from export.parity.evaluations import FIGURES
from export.parity.markdown import foreign, table, told
from export.parity.shortfalls import shortfalls
from export.parity.suites import breaks_down, tables
from rpo_edge.edits import align

Said = Mapping[str, Any]

SIZES = (("drafts", "real drafts"), ("texts", "texts of each author to restore, at most"))

LEGEND = """Each figure has its 95% interval, over users or authors. Draft unchanged, `rules` (fixed rules, the same history) and "another user's history" are
controls; "over" is a paired difference, of the same texts. An oracle knows what was done to a text. F0.5 counts a wrong edit for more than a missing one.
A share of 0 has an interval of no width, which says nothing of what is rarer than one in all that were looked at. `training/evaluate.py` says what each suite does.
"""

CONFIRMED = """Neither training nor any choice saw these authors, and their figures were looked at once."""

GAINS = """What a user's own history adds to another user's, of the same texts, in every measure of which more is better: what is personal. It holds where the
interval lies above 0. What is stated is obeyed whoever's history is read, and the titles of a reflector that writes none are floors.
"""


def evaluation(artifact: str, said: Said) -> Iterator[str]:
    """All of them. said: the "evaluation" of an artifact's figures."""
    yield f"### Fidelity and style of {artifact}\n"
    yield f"{_about(said)}\n"
    yield _main(artifact, said)
    yield from _gains(artifact, said.get("gains", {}))
    yield from _confirmed(artifact, said.get("confirmed", {}))
    yield from _suites(artifact, said)
    if lines := shortfalls(said):
        yield f"### What {artifact} cannot do\n"
        yield "\n".join(f"- {line}" for line in lines) + "\n"
    yield from _failures(said.get("failures", ()))


def _about(said: Said) -> str:
    """On what, and how much of it."""
    sizes = [f"{said[name]} {what}" for name, what in SIZES if name in said]
    version = f", features version {said['features']}" if "features" in said else ""
    return f"Authors: {'; '.join([said['authors'], *sizes])}. The reflector: {said['reflector']}{version}."


def _confirmed(artifact: str, said: Said) -> Iterator[str]:
    """The main figures again, and what is personal of them, on authors whom nothing was chosen by."""
    if said:
        yield f"### {artifact} on test authors\n"
        yield f"{CONFIRMED}\n"
        yield f"{_about(said)}\n"
        yield _main(artifact, said)
        if "gains" in said:
            yield _table_of_gains(said["gains"])


def _main(artifact: str, said: Said) -> str:
    """A figure of each suite: its own, those of the controls, and differences last."""
    shown = [name for name in FIGURES if name in said]
    rows = ((artifact, said), *((name, said["controls"][name]) for name in differences_last(said.get("controls", {}))))
    return table(("", *shown), ((name, *(_cell(figures.get(key)) for key in shown)) for name, figures in rows))


def _gains(artifact: str, said: Said) -> Iterator[str]:
    """Whether the right history is more than another's, suite by suite."""
    if said:
        yield f"### Right over another's history, {artifact}\n"
        yield f"{GAINS}\n"
        yield _table_of_gains(said)


def _table_of_gains(said: Said) -> str:
    rows = ((suite, measure, gain) for suite, found in said.items() for measure, gain in found.items())
    cells = ((suite, measure, told(gain["difference"]), "yes" if gain["holds"] else "no") for suite, measure, gain in rows)
    return table(("suite", "measure", "right over another's history", "holds"), cells)


def _suites(artifact: str, said: Said) -> Iterator[str]:
    if not said.get("suites"):
        return
    yield f"### Every suite of {artifact}\n"
    yield LEGEND
    for suite, found in said["suites"].items():
        yield f"#### {suite}\n"
        if found["titles"]:
            yield "\n".join(f"- {title}" for title in found["titles"]) + "\n"
        for title, figures in tables(found["figures"]):
            yield from (f"{part[0].upper()}{part[1:]}:\n" for part in [title] if part)
            yield of_methods(figures, breaks_down(title))


def of_methods(figures: Mapping[str, Said], broken_down: bool = False) -> str:
    """Methods and figures. Whatever there is more of are the rows; figures where they break one down. Differences stand last, and out."""
    methods = differences_last(dict.fromkeys(method for of in figures.values() for method in of))
    if len(methods) >= len(figures) and not broken_down:
        return table(("", *figures), ((named(method), *(_cell(of.get(method)) for of in figures.values())) for method in methods))
    return table(("", *map(named, methods)), ((figure, *(_cell(of.get(method)) for method in methods)) for figure, of in figures.items()))


def differences_last(names: Iterable[str]) -> list[str]:
    """In their order otherwise."""
    return sorted(names, key=lambda name: " over " in name)


def named(method: str) -> str:
    """A difference ("edit over rules") in bold."""
    return f"**{method}**" if " over " in method else method


def _cell(value: Any) -> str:
    return "–" if value is None else told(value)


def _failures(failures: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not failures:
        return
    yield "### Worst failures (texts of examples/eval)\n"
    yield (
        "The worst of each suite in turn, cut around what went wrong; of whom the texts are, and their licences, says "
        "[examples/eval](../examples/eval/README.md). Struck out is what the rewrite lost, underlined what it put in. Wanted are the author's own words, "
        "or what the voice of a made-up user makes of the draft; bold is what the rewrite lacks of them.\n"
    )
    yield "\n".join(_failure(number, one) for number, one in enumerate(failures, 1))


def _failure(number: int, said: Mapping[str, str]) -> str:
    draft, rewrite = said["draft"], said["rewrite"]
    texts = {"draft": marked(draft, rewrite, "del"), "rewrite": marked(rewrite, draft, "ins")}
    if "wanted" in said:
        texts["wanted"] = marked(said["wanted"], rewrite, "b")
    return (
        "\n".join([f"{number}. {said['suite']}: {foreign(said['what'])}", *(f"   - {name}: {text}" for name, text in texts.items())]) + "\n"
    )


def marked(text: str, other: str, tag: str) -> str:
    """The text, with what the other one has not in elements."""
    pieces, place = [], 0
    for edit in align(text, other):
        pieces.append(foreign(text[place : edit.start]))
        if edit.before:
            pieces.append(f"<{tag}>{foreign(edit.before)}</{tag}>")
        place = edit.end
    return "".join([*pieces, foreign(text[place:])])
