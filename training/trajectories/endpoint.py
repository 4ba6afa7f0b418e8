"""How a teacher is asked: over HTTP, at an endpoint that somebody named, or from a GGUF file on this machine.

Both have one method, `ask(prompt) -> answer`, which several threads may call. What went wrong is told by who else it concerns:
Unusable (this answer is no good), NoAnswer (this prompt got none, another may) and EndpointRefused (none will get one).

An endpoint is asked no faster than a token bucket allows, and again after an answer that is none, a timeout, a lost connection, or
HTTP 408, 429 or 5xx. The pause doubles; a Retry-After holds for all threads, and ends the matter where it is too long. Redirects are
not followed, proxies and passwords of the environment not used: only that endpoint gets the text, and the key.

What a server says beside an answer is never shown, because some repeat the key; so the errors name the host and the HTTP status alone.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx

from rpo_edge.errors import ModelError, OptionalDependencyError, RpoEdgeError

_CONTEXT = 8192  # tokens of a local model: the task and two such texts in one half, the answer in the other
_LONGEST_WAIT = 600.0  # seconds; an endpoint that wants more is asked another day


class Unusable(RpoEdgeError):
    """There is an answer, or can be none, and the text is dropped; the message is the reason it is counted by."""


class NoAnswer(RpoEdgeError):
    """This text got none; another may."""

    exit_code = 1


class EndpointRefused(RpoEdgeError):
    """The endpoint will answer no text at all: a wrong key, address or model, or a long wait."""

    exit_code = 1


class _Again(Exception):
    """The endpoint may answer later, after so many seconds if it said so."""

    def __init__(self, problem: str, after: float | None = None) -> None:
        super().__init__(problem)
        self.after = after


@dataclass(frozen=True)
class Clock:
    """Seconds, and how to let them pass; tests have their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Bucket:
    """A token bucket: `per_minute` tokens come evenly, at most `capacity` are kept; each question takes one, from any thread."""

    def __init__(self, per_minute: float, clock: Clock, capacity: float = 1.0) -> None:
        self._rate, self._capacity, self._clock = per_minute / 60, capacity, clock
        self._tokens, self._counted, self._closed_until = capacity, clock.now(), 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when there is a token, and take it."""
        while (seconds := self._try()) > 0:
            self._clock.sleep(seconds)

    def close(self, seconds: float) -> None:
        """Give nobody a token for so long."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock.now() + seconds)

    def _try(self) -> float:
        with self._lock:
            now = self._clock.now()
            if now < self._closed_until:
                return self._closed_until - now
            self._tokens = min(self._capacity, self._tokens + (now - self._counted) * self._rate)
            self._counted = now
            if self._tokens < 1 - 1e-6:  # a hair less than one is what rounding leaves after a wait for one
                return (1 - self._tokens) / self._rate
            self._tokens -= 1
            return 0.0


@dataclass(frozen=True)
class Service:
    """An endpoint, and how patient to be with it.

    timeout: seconds without a byte; backoff: seconds before the second try, twice that before the third, and so on.
    """

    url: httpx.URL
    model: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    tries: int = 5
    backoff: float = 1.0

    @property
    def place(self) -> str:
        """The endpoint as it may be shown: path and query can hold a key."""
        return f"{self.url.scheme}://{self.url.netloc.decode('ascii')}"


class Endpoint:
    """A server that speaks OpenAI's chat completions (`POST /v1/chat/completions`)."""

    def __init__(self, service: Service, bucket: Bucket, clock: Clock) -> None:
        self._service, self._bucket, self._clock = service, bucket, clock
        headers = {"Authorization": f"Bearer {service.key}"} if service.key else {}
        self._client = httpx.Client(headers=headers, timeout=service.timeout, trust_env=False, follow_redirects=False)

    def ask(self, prompt: str) -> str:
        """The answer, after as many tries as it takes or the service is worth."""
        problem = ""
        for attempt in range(self._service.tries):
            if attempt:
                self._clock.sleep(self._service.backoff * 2 ** (attempt - 1))
            self._bucket.take()
            try:
                return self._once(prompt)
            except _Again as again:
                problem = str(again)
                self._rest(again.after or 0.0)
        raise NoAnswer(f"{self._service.place} did not answer in {self._service.tries} tries: {problem}")

    def _rest(self, seconds: float) -> None:
        """What the endpoint asks of one question holds for all."""
        if seconds > _LONGEST_WAIT:
            raise EndpointRefused(f"{self._service.place} wants no question for {seconds:.0f} s: run the same command after that")
        self._bucket.close(seconds)

    def _once(self, prompt: str) -> str:
        body = {"model": self._service.model, "messages": [{"role": "user", "content": prompt}]}
        try:
            response = self._client.post(self._service.url, json=body)
        except httpx.TimeoutException:
            raise _Again(f"nothing came for {self._service.timeout:g} s") from None
        except httpx.RequestError as error:
            raise _Again(type(error).__name__) from None  # its text could quote a header
        self._check(response)
        try:
            return content(response.json())
        except ValueError:
            raise _Again("what came is no chat completion") from None

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in (408, 429) or status >= 500:
            raise _Again(f"HTTP {status}", retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC)))
        if status in (400, 413, 422):
            raise NoAnswer(f"{self._service.place} takes no such request: HTTP {status}")
        if status != 200:
            hint = {401: "is the key right?", 403: "may this key do that?", 404: "are address and model right?"}.get(status, "")
            raise EndpointRefused(f"{self._service.place} refuses: HTTP {status} {hint}".rstrip())


def content(answer: Any) -> str:
    """The text of a chat completion (OpenAI's object); empty where it has none. Raises ValueError where it is none, Unusable if cut off."""
    try:
        choice = answer["choices"][0]
        text, ended = choice["message"]["content"] or "", choice.get("finish_reason")
        text.encode("utf-8")  # half a surrogate pair could not be written
    except (KeyError, IndexError, TypeError, AttributeError, UnicodeEncodeError) as error:
        raise ValueError("no chat completion") from error
    if ended in ("length", "content_filter"):
        raise Unusable("cut off" if ended == "length" else "refused")
    return str(text)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None where it is neither."""
    if re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now.timestamp())
    except (ValueError, OverflowError):
        return None


class Local:
    """A GGUF model on this machine. llama.cpp's contexts are not safe to share, so questions wait for each other."""

    def __init__(self, llama: Any) -> None:
        self._llama, self._lock = llama, threading.Lock()

    @classmethod
    def load(cls, path: Path) -> Local:
        """The model in a file. Raises OptionalDependencyError without llama-cpp-python, ModelError where it cannot read the file."""
        try:
            llama = import_module("llama_cpp").Llama
        except ImportError as error:
            raise OptionalDependencyError("llama-cpp-python") from error
        try:
            return cls(llama(model_path=str(path), n_ctx=_CONTEXT, n_gpu_layers=-1, seed=1, verbose=False))
        except (ValueError, OSError) as error:
            raise ModelError(f"{path}: {error}") from error

    def ask(self, prompt: str) -> str:
        """The answer, with the chat template that the file holds."""
        try:
            with self._lock:
                return content(self._llama.create_chat_completion([{"role": "user", "content": prompt}], max_tokens=_CONTEXT // 2))
        except ValueError as error:  # of the prompt and the context, says llama-cpp-python
            raise NoAnswer(f"the local model: {error}") from error
