"""LaMP's questions: the gold is the target, the user's profile the history, and the draft a teacher's answer, or one that needs no teacher.

    [[trajectories.build]]
    builder = "lamp"
    path = "LaMP_4.jsonl"   # of `python -m training lamp convert`, or the OUT of `python -m training teacher answers` for those lines
    draft = "opening"       # where a line has none (`training/lamp/posed.py`): "opening", or "text" for a reflector that writes freely

A question is an author of its own: nothing in LaMP's files says which of them one user has written. Its `observations` are those of any
trajectory, few where a text gave way to a title. Questions without a history, gold or draft are left out. The files lie where their licence
lets them lie: nothing of LaMP comes with this project, and `python -m training lamp pairs` makes files of the same form.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from training import makers
from training.lamp.layout import Row
from training.lamp.posed import FORMS, posed, read_lines, shown
from training.trajectories.base import Author, Pair


@dataclass(frozen=True)
class Options:
    """path, draft: see above. split: which the lines must be of, where they say theirs; licence: of the texts; questions: at most.

    Raises ValueError where there is no such file or form.
    """

    path: str
    draft: str = "opening"
    split: str = "train"
    licence: str = "not stated"
    questions: int | None = None

    def __post_init__(self) -> None:
        if self.draft not in FORMS:
            raise ValueError(f"the form of a draft is one of {', '.join(FORMS)}, not {self.draft!r}")
        if not Path(self.path).is_file():
            raise ValueError(f"there is no file {self.path}; `python -m training lamp convert` makes one of LaMP's questions and outputs")


def build(people: list[Author], pool: ProcessPoolExecutor, options: Options) -> Iterator[tuple[Author, list[Pair]]]:
    """A pair for each question, whoever `people` are. Raises ValueError for a line of another split, or one that needs a teacher's draft."""
    for n, line in enumerate(islice(read_lines(Path(options.path)), options.questions), 1):
        if line.get("split", options.split) != options.split:
            raise ValueError(f"{options.path}, line {n} is of the split {line['split']}, and {options.split} is asked for")
        texts = tuple(dict.fromkeys(shown(item) for item in line["history"]))
        if texts and line["gold"].strip():
            pair = _pair(line, len(texts), options)
            if pair.draft:
                yield Author(f"{line['task']} {line['id']}", line["task"], texts, options.licence), [pair]


def _pair(line: Row, texts: int, options: Options) -> Pair:
    question = posed(line, options.draft)
    draft, model = question.draft.strip(), makers.plain_name(question.model)
    return Pair("lamp", draft, line["gold"].strip(), tuple(range(texts)), question.query, model=model)
