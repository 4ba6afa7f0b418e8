"""What is to be done with a request's answer, before there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from rpo_edge.serve.dialects import DIALECTS
from rpo_edge.serve.dialects.base import Dialect
from rpo_edge.serve.outcome import HEADER, OFF, unchanged


@dataclass(frozen=True, slots=True)
class Plan:
    """dialect: of the answer that is rewritten, for the user who asked `query`; or None, and `said` is why, as the header has it."""

    dialect: Dialect | None = None
    query: str | None = None
    said: str = ""


def dialect_of(method: str, path: str) -> Dialect | None:
    """The API form of requests whose answers can be rewritten."""
    return DIALECTS.get(path.removeprefix("/v1")) if method == "POST" else None


def planned(dialect: Dialect | None, headers: Mapping[str, str], body: bytes) -> Plan:
    """The plan. The client's word comes first, then what it asked for."""
    if headers.get(HEADER, "").strip().lower() == OFF:
        return Plan(said=OFF)
    if dialect is None:
        return Plan(said=unchanged("other-path"))
    try:
        request = json.loads(body.decode())
        reason = dialect.why_not(request)
        query = dialect.query(request)
    except (ValueError, TypeError, AttributeError, RecursionError):  # no UTF-8, no JSON, or JSON of no sense: the upstream will say so
        return Plan(said=unchanged("unreadable"))
    return Plan(said=unchanged(reason)) if reason else Plan(dialect, query)
