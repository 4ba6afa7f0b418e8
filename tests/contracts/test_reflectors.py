"""What every reflector keeps: where its edits lie, that they are the same each time, and what a closed one does.

The one of our own is the example of docs/adding.md, as it stands there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from rpo_edge import Evidence, History, HistoryItem, Personalizer, ReflectorError, ReflectorInfo, StyleProfile, Window
from rpo_edge.edits import apply
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.prompt import CONTEXT, DRAFT, REFLECT, complete
from rpo_edge.reflectors import REFLECTORS
from rpo_edge.reflectors.base import Closable
from rpo_edge.reflectors.edit import EditReflector
from rpo_edge.reflectors.generative import GenerativeReflector
from rpo_edge.reflectors.rules import RulesReflector
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.segment import sentences
from rpo_edge.steps.freeze import freeze

DOC = Path(__file__).resolve().parents[2] / "docs/adding.md"
EXAMPLE = re.search(r"^## A reflector\n.*?```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL | re.MULTILINE)[1]

TEXT = (
    "It is not late, and it is not easy to utilize the map. However, it is important to note that we do not move toward it. "
    'She said: "It is not late, and we do not move toward it." It is `it is toward`, and https://x.org/it-is/toward is 3 km away. '
    "I hope this helps!"
)
EVIDENCE = Evidence((HistoryItem("We went towards it. It's late, isn't it?", id=1), HistoryItem("I don't know.", id=2)), "Where?")
WINDOWS = {
    "a draft": Window(TEXT, 0, frozen=freeze(TEXT)),
    "amid a draft": Window(TEXT, 40, "It is so.\n\n", "It is not.", freeze(TEXT), last=False),
    "half of the way": Window(TEXT, 0, frozen=freeze(TEXT), strength=0.5),
    "white space around it": Window(f"\n\n{TEXT}\n", 0, frozen=freeze(f"\n\n{TEXT}\n")),
    "a formal letter": Window(f"Dear Dr Hale,\n\n{TEXT}", 0, frozen=freeze(f"Dear Dr Hale,\n\n{TEXT}"), formal=True),
    "a sentence": Window("It is not late, and we do not move toward it. ", 40, "It is so. ", last=False, sentence=True),
}


def edit():
    folder = next((folder for folder in embedded() if folder.name == "edit"), None)
    return EditReflector.load(Manifest.load(folder)) if folder else pytest.skip("this build has no embedded model")


def generative():
    """Its model contracts "it is" wherever it stands, in what is frozen, too."""

    def answer(prompt):
        draft = prompt.removesuffix(REFLECT).rpartition(DRAFT)[2].partition(CONTEXT)[0]
        return complete((), re.sub(r"\b([Ii])t is\b", r"\1t's", draft))

    return GenerativeReflector(EchoRuntime(answer), ReflectorInfo("echo"))


def own():
    names: dict[str, type] = {}
    exec(EXAMPLE.partition("\n\nwith ")[0], names)
    return names["Towards"]()


MAKE = {"rules": RulesReflector, "edit": edit, "generative": generative, "own": own}


@pytest.fixture(scope="module", params=MAKE)
def made(request):
    reflector = MAKE[request.param]()
    yield request.param, reflector
    if isinstance(reflector, Closable):
        reflector.close()


@pytest.fixture(scope="module")
def reflector(made):
    return made[1]


@pytest.fixture(scope="module")
def profile(store, reflector):
    with History.open(store) as history:
        return history.profile(reflector.counter)


def test_every_kind_of_model_is_here():
    assert set(REFLECTORS) | {"rules"} <= set(MAKE)


@pytest.mark.parametrize("name", WINDOWS)
def test_edits_fit_the_window_and_lie_beside_what_is_frozen(reflector, profile, name):
    window = WINDOWS[name]
    edits = reflector.reflect(window, EVIDENCE, profile).edits
    assert edits and apply(window.text, edits) != window.text  # which raises where one is out of order or does not fit
    assert all(0 <= edit.start <= edit.end <= len(window.text) for edit in edits)
    assert not [edit for edit in edits for start, end, _ in window.frozen if edit.start < end and start < edit.end]
    assert all(edit.reason for edit in edits)


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
@pytest.mark.parametrize("sentence", [False, True])
def test_an_empty_window_has_no_edits(reflector, profile, text, sentence):
    assert reflector.reflect(Window(text, 0, sentence=sentence), EVIDENCE, profile).edits == ()


def test_nobody_has_no_edits(reflector):
    assert all(reflector.reflect(window, Evidence(), StyleProfile()).edits == () for window in WINDOWS.values())


def test_the_same_window_has_the_same_reflection(made, profile):
    name, reflector = made
    backwards = {key: reflector.reflect(window, EVIDENCE, profile) for key, window in reversed(WINDOWS.items())}
    another = MAKE[name]()
    for key, window in WINDOWS.items():
        assert reflector.reflect(window, EVIDENCE, profile) == backwards[key] == another.reflect(window, EVIDENCE, profile)


def test_what_is_carried_is_a_mapping_that_may_be_handed_on(reflector, profile):
    """Through a file, and beside names of others."""
    carry: Mapping[str, float] = {}
    for start, end in sentences(TEXT):
        window = Window(TEXT[start:end], start, TEXT[:start], last=end == len(TEXT), sentence=True, frozen=freeze(TEXT[start:end]))
        found = [
            reflector.reflect(replace(window, carry=given), EVIDENCE, profile)
            for given in (carry, json.loads(json.dumps(dict(carry))), {**carry, "somebody else's": 0.5})
        ]
        assert found[0] == found[1] and found[0].edits == found[2].edits
        carry = found[0].carry
        assert isinstance(carry, Mapping) and all(isinstance(name, str) and isinstance(part, int | float) for name, part in carry.items())


@pytest.mark.parametrize("name", MAKE)
def test_closing_twice_is_fine_and_what_is_closed_makes_nothing_up(store, name):
    reflector = MAKE[name]()
    if not isinstance(reflector, Closable):
        pytest.skip("it holds nothing")
    with History.open(store) as history:
        known = history.profile(reflector.counter)
    before = reflector.reflect(WINDOWS["a draft"], EVIDENCE, known)
    reflector.close()
    reflector.close()
    with suppress(ReflectorError):
        assert reflector.reflect(WINDOWS["a draft"], EVIDENCE, known) == before


@pytest.mark.parametrize("windows", ["paragraphs", "sentences"])
def test_a_personalizer_takes_it(store, reflector, windows):
    """And leaves it open."""
    with History.open(store) as history:
        first, second = [], []
        for found in (first, second):
            with Personalizer(history, reflector) as personalizer:
                found.append(personalizer.rewrite(TEXT, windows=windows))
        assert not first[0].failed and not second[0].failed and first[0].text == second[0].text
        assert first[0].reflector == reflector.info
        assert all(TEXT[start:end] in first[0].text for start, end, _ in freeze(TEXT))


def test_the_example_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    with History.open(tmp_path / "history.db") as history:
        history.add("We went towards the sea.")
    monkeypatch.chdir(tmp_path)
    exec(EXAMPLE, {})
    assert capsys.readouterr().out == "It moved towards the sun.\n"
