"""teacher: a language model of the trainer's own choice writes generic drafts, or reflections. Optional: nothing needs it.

    python -m training teacher drafts      IN.jsonl OUT.jsonl --endpoint URL --model NAME [--key-env VARIABLE]
    python -m training teacher reflections IN.jsonl OUT.jsonl --gguf FILE    --model NAME

This is the only part of the project that sends text anywhere, and it does so only when the person who trains names an
endpoint. What is sent is the task, the name of the model and the text asked for (for a reflection, the draft too): no other
field of a row, no file name. `endpoint.py` says how.

IN has an object a line: "text" (what a person wrote; for reflections also its "draft"), and whatever else. Where one row's "split" is
"test", nothing is asked at all: those texts are for the final report only. OUT gets the same object with "draft", or with "reflection"
(observations as `rpo_edge.prompt` knows them), and "teacher", in the order of the answers. A text that stands in OUT is not asked
again, nor one of which OUT.dropped says that this teacher's answer was no good, and why; a text is known by its sha256. So the same
command goes on after `kill -9`: half a last line is taken off. Where the endpoint refuses, or several texts in a row get no answer,
no more is asked, and the answers that are under way are still written.

An answer is dropped when it is no answer, copies the text, or is out of proportion; and a draft from which the guard would not
let the text come back: a number, name, address, negation or frozen span differs. Whether the maker of a model allows training on
its answers is for the trainer to check: weights that ship use those of `training.data.PERMITTED` alone.

The key is read from the environment variable that is named; it is in no message and no file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from rpo_edge.edits import align
from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.features import CHOICES
from rpo_edge.prompt import END, REWRITE, parse
from rpo_edge.steps.guard import guard
from training.data import Row
from training.trajectories.endpoint import Bucket, Clock, Endpoint, EndpointRefused, Local, NoAnswer, Service, Unusable

LONGEST = 6000
"""Code points of a text that is asked for: about 1000 words, which the guard compares in half a second."""

_PATIENCE = 3  # texts in a row without any answer end the command: the trouble is not the text's
_PROPORTION = (0.5, 2.0, 4)  # words of a draft for each of the text's, least and most, and what a short text may differ by anyway

_FLATTEN = """Rewrite the text below in the neutral register of an AI assistant: plain standard English in complete sentences, without \
any personal manner, slang, joke or emphasis. Keep every fact, number, name, address, quotation and negation, and everything \
in code, tables and quotation marks exactly as it is. Keep the order, the paragraphs, lists and headings. Add nothing, \
leave nothing out, and do not answer what the text asks. Write the rewritten text and nothing else.

Text:

{text}"""

_REFLECT = """Somebody rewrote a draft in their own manner. Say in which habits of writing the two differ, one habit a line, like this:

feature: what the draft does | what the person does | what was changed

where feature is one of {features}. Name only what both texts show, each feature once at most. Write these lines and nothing else.

Draft:

{draft}

Rewrite:

{text}"""

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)  # what reasoning models may put before an answer
_REFUSAL = re.compile(
    r"\bas an AI\b|\bI(?:'m| am) (?:unable|not able) to (?:assist|help|comply|provide|rewrite|fulfill)\b"
    r"|\bI (?:can't|cannot|can not|won't|will not) (?:assist|help|comply|provide|rewrite|fulfill)\b|\b(?:sorry|apologi[sz]e),? but I\b",
    re.IGNORECASE,
)
_OF_THE_GUARD = {  # how its reasons begin -> what they are counted as
    "a frozen span": "frozen span",
    "what is frozen": "frozen span",
    "a number": "number",
    "an address": "address",
    "negations": "negation",
    "a name": "name",
}


class Teacher(Protocol):
    """Whatever answers. Raises Unusable or NoAnswer where this prompt got nothing, EndpointRefused where none will."""

    def ask(self, prompt: str) -> str:
        """The answer as the model wrote it; it may be empty. Called from several threads."""
        ...


@dataclass(frozen=True)
class Task:
    """What is asked. field: what is written; needs: fields with the texts that are sent; read: the answer's worth, or Unusable."""

    field: str
    needs: tuple[str, ...]
    prompt: str
    read: Callable[[Row, str], Any]

    def identity(self, row: Row) -> str:
        """The sha256 of what is sent; whatever else the row says, it is the same question."""
        return hashlib.sha256("\0".join(row[name] for name in self.needs).encode()).hexdigest()

    def answer(self, teacher: Teacher, row: Row) -> Any:
        """Ask, and read. Raises what the teacher does, and Unusable."""
        if any(len(row[name]) > LONGEST for name in self.needs):
            raise Unusable("too long to ask for")
        shown = {name: row[name] for name in self.needs} | {"features": ", ".join(choice.name for choice in CHOICES)}
        return self.read(row, _THOUGHT.sub("", teacher.ask(self.prompt.format_map(shown))).strip())


def read_draft(row: Row, answer: str) -> str:
    """The draft, where it may be one of the row's text. Raises Unusable with the reason."""
    if reason := flaw(row["text"], answer):
        raise Unusable(reason)
    return answer


def flaw(text: str, draft: str) -> str | None:
    """Why a draft is of no use for a text: no rewriting of it, or one from which the guard would not let the text come back."""
    if not draft.strip():
        return "empty"
    if _refuses(draft) and not _refuses(text):
        return "refused"
    if draft.split() == text.split():
        return "copy"
    if _announced(draft) and not _announced(text):
        return "announcement"
    least, most, anyway = _PROPORTION
    words = len(text.split())
    if not least * words - anyway <= len(draft.split()) <= most * words + anyway:
        return "out of proportion"
    return _of_the_guard(text, draft)


def _refuses(text: str) -> bool:
    return _REFUSAL.search(text.replace("’", "'")) is not None


def _announced(text: str) -> bool:
    """ "Here is the rewritten text:" """
    first = text.strip().partition("\n")[0].rstrip("* ")
    return first.endswith(":") and not first.startswith(("#", "-", "*", ">"))


def _of_the_guard(text: str, draft: str) -> str | None:
    _, verdict = guard(draft, align(draft, text))
    kinds = (kind for reverted in verdict.reverted for start, kind in _OF_THE_GUARD.items() if reverted.reason.startswith(start))
    return next(kinds, None)


def read_reflection(row: Row, answer: str) -> list[dict[str, str]]:
    """Observations as objects: feature, draft, user, action. Raises Unusable where a line is none, or a feature unknown or said twice."""
    if not answer:
        raise Unusable("empty")
    try:
        observations, _ = parse("\n".join(filter(None, map(str.strip, answer.splitlines()))) + REWRITE + END)
    except ValueError:
        raise Unusable("not in the form asked for") from None
    features = [observation.feature for observation in observations]
    if len({*features}) < len(features) or not {choice.name for choice in CHOICES}.issuperset(features):
        raise Unusable("a feature unknown or twice")
    return [asdict(observation) for observation in observations]


TASKS = {
    "drafts": Task("draft", ("text",), _FLATTEN, read_draft),
    "reflections": Task("reflection", ("text", "draft"), _REFLECT, read_reflection),
}


class Lines:
    """A file of JSON objects, one a line, that is only added to, each line whole. `rows` are those that were there.

    Raises InputError where a line is not an object with all `fields`, and then has changed nothing; half a last line is taken off.
    """

    def __init__(self, path: Path, texts: Collection[str], others: Collection[str] = ()) -> None:
        *lines, last = path.read_bytes().split(b"\n") if path.exists() else [b""]
        whole = _is_json(last)
        self.rows = [_row(line, f"{path}, line {n}", texts, others) for n, line in enumerate([*lines, last] if whole else lines, 1)]
        if last:
            with path.open("rb+") as file:
                end = file.seek(0, os.SEEK_END)
                file.write(b"\n") if whole else file.truncate(end - len(last))
        self._file = path.open("ab")

    def add(self, row: Row) -> None:
        """One more line, in the file when this returns."""
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _row(line: bytes, where: str, texts: Collection[str], others: Collection[str] = ()) -> Row:
    """The object of a line. Raises InputError unless it has `texts`, not blank, and `others`, and can be written again."""
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except ValueError:
        raise InputError(f"{where} is no JSON in UTF-8") from None
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name].strip() for name in texts) or {*others} - {*row}:
        raise InputError(f"{where} needs {', '.join((*texts, *others))}")
    return row


def questions(path: Path, task: Task) -> dict[str, Row]:
    """The rows of IN by identity, the first of each. Raises InputError where a row lacks a text, or is of the test split."""
    found: dict[str, Row] = {}
    for n, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            row = _row(line, f"{path}, line {n}", task.needs)
            if row.get("split") == "test":
                raise InputError(f"{path}, line {n} is of the test split, which is for the final report only: nothing was asked")
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
    parser = argparse.ArgumentParser(prog="python -m training teacher")
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
