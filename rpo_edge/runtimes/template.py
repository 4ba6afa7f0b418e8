"""A model's own chat template as three pieces of text, between which a system message and a user's message go.

Templates are Jinja programs out of a file that may be anybody's. One is rendered once, on marks, in the process with limits that
`inspection.py` starts; a rewrite only puts texts between the pieces. jinja2 is in the extra `gguf`.
Names that templates expect: https://huggingface.co/docs/transformers/chat_templating.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

_SYSTEM, _USER = "RpoEdgeSystemMark", "RpoEdgeUserMark"
_LONGEST = 1 << 16  # characters of all pieces
_DAY = date(2025, 1, 1)  # a template that gives the date gives this one: the same draft has the same rewrite every day


def frame(template: str, begin: str, end: str, begins: bool) -> tuple[str, str, str] | None:
    """What stands before the system message, between it and the user's, and after both; None where that cannot be told.

    begin, end: texts of the tokens that begin and end a text; begins: whether every prompt starts with the former.
    A template without a place for a system message has it at the top of the user's.
    """
    apart = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}]
    together = [{"role": "user", "content": f"{_SYSTEM}\n\n{_USER}"}]
    try:
        render = _renderer(template, begin, end)
    except ImportError:
        return None
    for messages in (apart, together):
        pieces = _pieces(render, messages)
        if pieces is not None:
            first = begin if begins and not pieces[0].startswith(begin) else ""
            return first + pieces[0], pieces[1], pieces[2]
    return None


def _pieces(render: Callable[[list[dict[str, str]]], str], messages: list[dict[str, str]]) -> tuple[str, str, str] | None:
    try:
        text = render(messages)
    except MemoryError:
        raise
    except Exception:  # a template is anybody's program: it may fail in any way, and some do so on purpose at a system message
        return None
    before, _, rest = text.partition(_SYSTEM)
    between, _, after = rest.partition(_USER)
    once = text.count(_SYSTEM) == text.count(_USER) == 1 and len(text) <= _LONGEST
    return (before, between, after) if once and text == f"{before}{_SYSTEM}{between}{_USER}{after}" else None


def _renderer(template: str, begin: str, end: str) -> Callable[[list[dict[str, str]]], str]:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = _as_json
    names = {"bos_token": begin, "eos_token": end, "add_generation_prompt": True, "enable_thinking": False, "tools": None}
    functions = {"raise_exception": refuse, "strftime_now": _DAY.strftime}

    def render(messages: list[dict[str, str]]) -> str:
        return environment.from_string(template).render(messages=messages, **names, **functions)

    return render


def _as_json(value: Any, **options: Any) -> str:
    """jinja2's own escapes for HTML, which prompts are not."""
    return json.dumps(value, ensure_ascii=False, indent=options.get("indent"))
