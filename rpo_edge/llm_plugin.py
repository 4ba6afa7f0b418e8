"""A plug-in for `llm` (https://llm.datasette.io): the model `rpo-edge`, which asks another model and rewrites its answer while it comes.

    llm -m rpo-edge "Will a pizza survive in orbit?"
    llm -m rpo-edge -o model gpt-4o-mini -o store history.db "…"

The other model gets the conversation as it stands; nothing of the store goes to it. Answers in a schema, and tools, are left to the other
model itself, as there is no prose in them to rewrite: this one offers neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import llm

from rpo_edge.history import History
from rpo_edge.pipeline import Personalizer
from rpo_edge.shelf import Shelf

NAME = "rpo-edge"


class RewrittenOptions(llm.Options):
    """Beside those of every model: the other model, by default llm's own default; the store; the reflector, by default that of `models
    use`; and the source or kind of the texts to go by, by default all.
    """

    model: str | None = None
    store: str | None = None
    reflector: str | None = None
    like: str | None = None


class Rewritten(llm.Model):
    """See the module's text."""

    model_id = NAME
    can_stream = True
    Options = RewrittenOptions  # type: ignore[assignment]  # llm declares a class here, not a type of classes

    def execute(self, prompt: llm.Prompt, stream: bool, response: llm.Response, conversation: llm.Conversation | None) -> Iterator[str]:
        """The rewritten answer, sentence by sentence. Raises llm.ModelError where the other model is this one."""
        options: Any = prompt.options
        other = llm.get_model(options.model or llm.get_default_model())  # type: ignore[no-untyped-call]
        if other.model_id == NAME:
            raise llm.ModelError("rpo-edge rewrites what another model says; name that one by -o model NAME")
        answer = other.prompt(messages=prompt.messages, stream=stream)
        with History.open(options.store, create=False) as history:
            manner = history if options.like is None else history.part(options.like)
            with Personalizer(manner, Shelf().chosen(options.reflector)) as personalizer:
                yield from personalizer.stream(answer, prompt.prompt)
        used = answer.usage()
        response.set_usage(input=used.input, output=used.output, details=used.details)


@llm.hookimpl
def register_models(register: Callable[..., None]) -> None:
    """llm asks for it."""
    register(Rewritten())
