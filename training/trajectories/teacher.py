"""teacher: a language model of the trainer's own choice writes generic drafts, answers or reflections. Optional: nothing needs it.

    python -m training teacher drafts      IN.jsonl OUT.jsonl --endpoint URL --model NAME [--key-env VARIABLE]
    python -m training teacher answers     IN.jsonl OUT.jsonl --endpoint URL --model NAME
    python -m training teacher reflections IN.jsonl OUT.jsonl --gguf FILE    --model NAME

This is the only part of the project that sends text anywhere, and it does so only when the person who trains names an
endpoint. What is sent is the task, the name of the model and the text asked for (for a reflection, the draft too): no other
field of a row, no file name. `endpoint.py` says how, `tasks.py` what.

IN has an object a line: "text" (what a person wrote; for reflections also its "draft"; for answers "query" alone), and whatever else. Where one
row's "split" is "test", nothing is asked at all: those texts are for the final report only. OUT gets the same object with "draft", or with
"reflection" (observations as `rpo_edge.prompt` knows them), and "teacher", in the order of the answers. A text that stands in OUT is not asked
again, nor one of which OUT.dropped says that this teacher's answer was no good, and why; a text is known by its sha256. So the same
command goes on after `kill -9`: half a last line is taken off. Where the endpoint refuses, or several texts in a row get no answer,
no more is asked, and the answers that are under way are still written.

An answer is dropped when it is no answer, copies the text, or is out of proportion; and a draft from which the guard would not
let the text come back: a number, name, address, negation or frozen span differs. Whether the maker of a model allows training on
its answers is for the trainer to check: weights that ship use those of `training.makers.PERMITTED` alone, and a trajectory says its model.

Drafts and reflections are read by the builder `teacher` (`taught.py`), answers to LaMP's questions by `lamp`.

The key is read from the environment variable that is named; it is in no message and no file.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from rpo_edge.errors import InputError, RpoEdgeError
from training import recipe
from training.data import Row
from training.trajectories import lines
from training.trajectories.endpoint import Bucket, Clock, Endpoint, EndpointRefused, Local, NoAnswer, Service, Unusable
from training.trajectories.lines import Lines
from training.trajectories.tasks import TASKS, Task, Teacher

_PATIENCE = 3  # texts in a row without any answer end the command: the trouble is not the text's


def questions(path: Path, task: Task) -> dict[str, Row]:
    """The rows of IN by identity, the first of each. Raises InputError where a row lacks a text, or is of the test split."""
    found: dict[str, Row] = {}
    for where, row in lines.read(path, task.needs):
        if row.get("split") == "test":
            raise InputError(f"{where} is of the test split, which is for the final report only: nothing was asked")
        found.setdefault(task.identity(row), row)
    return found


@dataclass(frozen=True)
class Run:
    """A task for a teacher, whose name is written beside its answers. counts: what became of the texts, dropped ones by reason."""

    task: Task
    teacher: Teacher
    name: str
    out: Path
    concurrency: int = 1
    counts: Counter[str] = field(default_factory=Counter)

    def fill(self, asked: Mapping[str, Row]) -> None:
        """Ask what OUT does not have. Raises EndpointRefused, and NoAnswer after a few texts in a row without one.

        Before it raises, what is under way is waited for, and written.
        """
        results = Lines(self.out, (*self.task.needs, "teacher"), (self.task.field,))
        dropped = Lines(self.out.with_name(f"{self.out.name}.dropped"), ("id", "teacher", "reason"))
        known = {self.task.identity(row) for row in results.rows} | {row["id"] for row in dropped.rows if row["teacher"] == self.name}
        self.counts["there already, or dropped before"] = len(known & asked.keys())
        left = deque((identity, row) for identity, row in asked.items() if identity not in known)
        ends: list[RpoEdgeError] = []
        unanswered = 0
        with closing(results), closing(dropped), ThreadPoolExecutor(self.concurrency) as pool:
            for identity, future in self._answers(pool, left):
                try:
                    results.add(asked[identity] | {self.task.field: future.result(), "teacher": self.name})
                    self.counts["written"] += 1
                    unanswered = 0
                except Unusable as reason:
                    dropped.add({"id": identity, "teacher": self.name, "reason": str(reason)})
                    self.counts[f"dropped: {reason}"] += 1
                except NoAnswer as problem:
                    self.counts["no answer"] += 1
                    print(f"{identity[:12]}: {problem}", file=sys.stderr)
                    unanswered += 1
                    if unanswered == _PATIENCE:
                        ends.append(problem)
                except EndpointRefused as problem:
                    ends.append(problem)
                if ends:
                    left.clear()
        if ends:
            raise ends[0]

    def _answers(self, pool: ThreadPoolExecutor, left: deque[tuple[str, Row]]) -> Iterator[tuple[str, Future[Any]]]:
        """As they come; no more are asked for than are under way, and whoever empties `left` gets those and no other."""
        under_way: dict[Future[Any], str] = {}
        while True:
            while left and len(under_way) < self.concurrency:
                identity, row = left.popleft()
                under_way[pool.submit(self.task.answer, self.teacher, row)] = identity
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield under_way.pop(future), future


def completions(endpoint: str) -> httpx.URL:
    """Where to ask, of "http://host", "http://host/v1" or the whole address. Raises InputError where it is none."""
    try:
        url = httpx.URL(endpoint)
    except httpx.InvalidURL:
        raise InputError("--endpoint is no address") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise InputError("--endpoint needs http:// or https://, a host, and no password in it")
    path = url.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path += "/chat/completions" if path.endswith("/v1") else "/v1/chat/completions"
    return url.copy_with(path=path)


def key_in(variable: str | None) -> str | None:
    """The key. Raises InputError, which shows not even the variable's name: somebody may have typed the key there."""
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not re.fullmatch("[!-~]+", key):
        raise InputError("the environment variable that --key-env names has no key in it, or one that no header can hold")
    return key


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        if not 0 < (value := kind(text)) < float("inf"):
            raise argparse.ArgumentTypeError("more than nothing is needed")
        return value

    return number


def _options(argv: list[str]) -> argparse.Namespace:
    parser = recipe.parser("teacher", __doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("texts", type=Path, metavar="IN")
    parser.add_argument("out", type=Path, metavar="OUT")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--endpoint", help="address of a server with /v1/chat/completions; the texts are sent there")
    who.add_argument("--gguf", type=Path, help="a model file; nothing is sent")
    parser.add_argument("--model", required=True, help="its name, which the endpoint is asked for and OUT keeps")
    parser.add_argument("--key-env", metavar="VARIABLE", help="the environment variable with the endpoint's key")
    parser.add_argument("--per-minute", type=_positive(float), default=60.0, help="questions to the endpoint, tries included")
    parser.add_argument("--concurrency", type=_positive(int), default=4, help="questions to the endpoint at a time")
    parser.add_argument("--timeout", type=_positive(float), default=120.0, help="seconds without a byte from the endpoint")
    return parser.parse_args(argv)


def _run(options: argparse.Namespace) -> Run:
    task = TASKS[options.task]
    if options.gguf:
        return Run(task, Local.load(options.gguf), options.model, options.out)
    service = Service(completions(options.endpoint), options.model, key_in(options.key_env), options.timeout)
    clock = Clock()
    teacher = Endpoint(service, Bucket(options.per_minute, clock), clock)
    return Run(task, teacher, options.model, options.out, options.concurrency)


def main(argv: list[str]) -> None:
    """Ask, write, and print what became of the texts."""
    options = _options(argv)
    try:
        if options.out.resolve() == options.texts.resolve():
            raise InputError("IN and OUT are one file")
        asked = questions(options.texts, TASKS[options.task])
        run = _run(options)
        try:
            run.fill(asked)
        finally:
            for what, n in run.counts.most_common():
                print(f"{n:8d} {what}")
    except (RpoEdgeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 2))
