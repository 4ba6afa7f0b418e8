"""Golden prompts: windows of real answers with the habits and texts of a real person, in the form of a device's prompts.

Everything lies in `examples/`: the history of one person, in the public domain, and answers of language models. The rewrite that follows a
prompt is that of the rules, since no model may be the judge of itself; it is what perplexity is taken over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from rpo_edge.errors import InputError
from rpo_edge.history import History
from rpo_edge.importers import Report, read_paths
from rpo_edge.pipeline import Personalizer, windows
from rpo_edge.prompt import ALONE, Around
from rpo_edge.records import HistoryItem, StyleProfile
from rpo_edge.reflectors.generative import Form, TrajectoryForm
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.observe import observe
from rpo_edge.steps.retrieve import retrieve

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_DRAFTS = 5
_WINDOWS = 2  # of each draft
_ITEMS = (0, 1, 3, 8)  # of the history beside a draft, in turn
NOBODY = StyleProfile()
SHORT = ("It is late, and we do not know.", "However, the boat does not sail in 1984. “So” what? 🙂")


@dataclass(frozen=True, slots=True)
class Golden:
    """A prompt, and what may follow it."""

    prompt: str
    answer: str

    @property
    def text(self) -> str:
        """Both."""
        return self.prompt + self.answer


def golden(most: int, form: Form | None = None) -> list[Golden]:
    """The first `most`: two of a line and without a user, which fit small models, then the windows. Raises InputError without `examples/`.

    form: of the prompts; our own models' if None.
    """
    form = form or TrajectoryForm()
    short = [Golden(_prompt(form, text), form.complete((), text)) for text in SHORT]
    if most <= len(short):
        return short[:most]
    with person() as history:
        return [*short, *islice(_windows(history, form), most - len(short))]


@contextmanager
def person() -> Iterator[History]:
    """The example history, for as long as it is needed. Raises InputError without `examples/`."""
    if not (EXAMPLES / "history").is_dir():
        raise InputError(f"the golden prompts are made of {EXAMPLES}, which is not there")
    with TemporaryDirectory() as folder, History.open(Path(folder) / "history.db") as history:
        history.extend(read_paths([EXAMPLES / "history"], Report()))
        yield history


def read(path: Path) -> list[Golden]:
    """Prompts of a file: JSON lines with "prompt" and, if there is one, "answer". Raises InputError."""
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [Golden(str(row["prompt"]), str(row.get("answer", ""))) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f'{path} cannot be read: lines of JSON with "prompt" and "answer" are needed ({error})') from error


def drafts() -> Iterator[str]:
    """The sample response, then answers of the small evaluation set."""
    yield (EXAMPLES / "response.txt").read_text("utf-8")
    for line in (EXAMPLES / "eval/drafts.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)["response"]


def _prompt(form: Form, draft: str, profile: StyleProfile = NOBODY, items: Sequence[HistoryItem] = (), around: Around = ALONE) -> str:
    return form.fitted(draft, profile, items, None, lambda prompt: True, around) or ""


def _windows(history: History, form: Form) -> Iterator[Golden]:
    profile, rules = history.profile(), Personalizer(history, "rules")
    number = 0
    for draft in islice(drafts(), _DRAFTS):
        for window in islice(windows(draft, freeze(draft)), _WINDOWS):
            text = window.text.strip()
            items = retrieve(history, text, k=_ITEMS[number % len(_ITEMS)], profile=profile).items
            rewrite = rules.rewrite(text).text
            prompt = _prompt(form, text, profile, items, Around(window.before, window.after))
            yield Golden(prompt, form.complete(observe(text, rewrite, profile), rewrite))
            number += 1
