"""The MCP server: the tools that a local assistant gets, by the official SDK, over standard input and output.

Whatever a tool returns goes to the assistant and to its model, which may be in the cloud. So the history's texts stay here unless the user
says `--expose-history`. What is returned without it, and why that is no raw history:

- a rewrite: closed lists, the user's own greeting and sign-off, and words that the guard let pass (no six in a row of the history); an
  edit's `after` is a piece of the rewrite;
- an edit's reason and the user's rates: names of features and their variants, which are closed lists too. The one variant that is free text
  is a sign-off, which may end with any line of up to 40 characters; of it only the stock phrase is shown ("Thanks"): see `Rates.reason` and
  `without_names`;
- ids of the texts that show a habit, never a text;
- what the guard took back: sentences of the draft. What would have stood in their place may come out of the history, and is left out;
- a reflector's observations are left out: a model may have written them, and rules cite whole sign-offs. The user's rates stand in for
  them;
- what a reflector that failed says: left out, as it may cite anything;
- a greeting or sign-off that the user stated as a preference is shown, since it was written to be put into answers.

The SDK takes standard output for the protocol: what anything else prints there goes to stderr while the server runs. The log has errors
only, for other levels cite what was sent. Tools run one at a time, on a thread of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BeforeValidator, Field, ValidationError

from rpo_edge import __version__, show
from rpo_edge.errors import InputError, RpoEdgeError
from rpo_edge.history import History
from rpo_edge.records import Edit, Habit, HistoryItem, Reverted, Rewrite, StyleProfile
from rpo_edge.reflectors.rates import stock_phrase
from rpo_edge.reopening import Store

SOURCE = "mcp"
"""The source of texts that `remember` adds."""

INSTRUCTIONS = (
    "Puts English text into the user's own manner, on the user's device. Give a finished answer to `rewrite` and show what comes back as it "
    "is. Facts, numbers, names, quotations and code are not changed."
)
FAILED = "the reflector failed, so the text is unchanged; `rpo-edge rewrite` says why"

_MOST = 50  # texts of one search
_SHOWN = 3  # commonest variants of a habit
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

_T = TypeVar("_T")

Text = Annotated[str, Field(description="The text.")]
Query = Annotated[
    str,  # of `str | None`, the SDK would read what looks like JSON
    BeforeValidator(lambda given: "" if given is None else given),
    Field(description="The question that the text answers; it only helps to find texts of the user's that matter."),
]
"""Models fill what is optional with null."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the user allowed: texts to be added, texts to be read."""

    remember: bool = False
    history: bool = False


# -- what tools return ---------------------------------------------------------------------------------------------------
# Without slots, which the SDK takes for default values when it makes a schema.


@dataclass(frozen=True)
class Rewritten:
    """notices: why a text was left alone, or what stood in for what. failed: the reflector failed, which is the reason."""

    text: str
    changed: bool
    failed: bool
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Explained:
    """The edits lead from the text that was given to `text`; offsets are code points. `kept` sentences were to change and may not.

    habits: the user's rates of what the edits are about. evidence: the texts that the edits name, where the user exposes them.
    """

    text: str
    changed: bool
    failed: bool
    notices: tuple[str, ...]
    edits: tuple[Edit, ...]
    kept: tuple[Reverted, ...]
    habits: tuple[str, ...]
    evidence: tuple[HistoryItem, ...]


@dataclass(frozen=True)
class Remembered:
    """The text's id."""

    id: int


@dataclass(frozen=True)
class Manner:
    """The user's habits, a row each (feature, label, unit, counts, rates), and what they stated themselves."""

    items: int
    words: int
    preferences: dict[str, str]
    features: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Found:
    """Texts of the user's, best first."""

    items: tuple[HistoryItem, ...]


# -- tools ---------------------------------------------------------------------------------------------------------------


class Tools:
    """The tools; what a model reads of each is its docstring."""

    def __init__(self, store: Store, allowed: Allowed) -> None:
        self._store, self._allowed = store, allowed
        self._one = CapacityLimiter(1)

    def register(self, server: MCPServer[Any]) -> None:
        """Give the server those that are allowed."""
        offered: list[tuple[Callable[..., Any], ToolAnnotations]]
        offered = [(self.rewrite, _READS), (self.explain, _READS), (self.profile, _READS)]
        offered += [(self.remember, _ADDS)] if self._allowed.remember else []
        offered += [(self.history, _READS)] if self._allowed.history else []
        for tool, hints in offered:
            server.add_tool(tool, description=getdoc(tool), annotations=hints, structured_output=True)

    async def rewrite(self, text: Text, query: Query = "") -> Annotated[CallToolResult, Rewritten]:
        """Rewrite an English text in the user's own manner and return it.

        Markdown, code, quotations, numbers and names stay as they are.
        """
        return await self._off_loop(lambda: self._rewrite(text, query))

    async def explain(self, text: Text, query: Query = "") -> Annotated[CallToolResult, Explained]:
        """As rewrite, with each edit, its reason, the user's rates behind it, and the ids of the texts that show the habit."""
        return await self._off_loop(lambda: self._explain(text, query))

    async def profile(self) -> Annotated[CallToolResult, Manner]:
        """The user's writing habits: how often they contract, which words, spelling and punctuation they choose, how long their sentences
        are.

        Counts and rates, no texts of theirs; of sign-offs the stock phrase alone.
        """
        return await self._off_loop(self._profile)

    async def remember(self, text: Text) -> Annotated[CallToolResult, Remembered]:
        """Add a text to the history that rewrites learn from. Only for texts that the user wrote themselves, never for a model's."""
        return await self._off_loop(lambda: self._remember(text))

    async def history(
        self,
        query: Annotated[str, Field(description="Words to look for.")],
        k: Annotated[int, Field(description="The most texts to return.", ge=1, le=_MOST)] = 5,
    ) -> Annotated[CallToolResult, Found]:
        """Search the texts that the user wrote, best first."""
        return await self._off_loop(lambda: self._search(query, k))

    async def _off_loop(self, work: Callable[[], _T]) -> _T:
        """Our errors become the SDK's, which show one line; of others not even that is certain, so they are only named."""
        try:
            return await to_thread.run_sync(work, limiter=self._one)
        except RpoEdgeError as error:
            raise ToolError(str(error)) from None
        except Exception as error:
            raise ToolError(f"failed: {type(error).__name__}") from None

    def _rewrite(self, text: str, query: str) -> CallToolResult:
        result = self._store.rewrite(text, query or None)
        return _answer(Rewritten(result.text, result.changed, result.failed, notices(result)), result.text)

    def _explain(self, text: str, query: str) -> CallToolResult:
        result = self._store.rewrite(text, query or None)
        history = self._store.history()
        habits = tuple(rates(self._store.manner().profile(), {observation.feature for observation in result.observations}))
        kept = tuple(discreet(reverted, text) for reverted in result.verdict.reverted) if not result.failed else ()
        shown = replace(result, observations=(), verdict=replace(result.verdict, reverted=kept))
        explained = Explained(
            result.text,
            result.changed,
            result.failed,
            notices(result),
            result.edits,
            kept,
            habits,
            self._evidence(history, result.edits),
        )
        return _answer(explained, "\n".join([show.as_diff(result, colour=False), "", show.as_reasons(shown), *habits, *explained.notices]))

    def _evidence(self, history: History, edits: Sequence[Edit]) -> tuple[HistoryItem, ...]:
        if not self._allowed.history:
            return ()
        numbers = dict.fromkeys(number for edit in edits for number in edit.evidence)
        return tuple(item for number in numbers if (item := history.get(number)) is not None)

    def _profile(self) -> CallToolResult:
        profile = self._store.manner().profile()
        shown = profile if self._allowed.history else without_names(profile)
        manner = Manner(shown.items, shown.words, dict(shown.preferences), tuple(show.profile_rows(shown)))
        return _answer(manner, show.profile_text(shown))

    def _remember(self, text: str) -> CallToolResult:
        from rpo_edge.importers.secrets import secrets_in

        if found := secrets_in(text):
            raise InputError(f"the text seems to hold a secret ({', '.join(found)}), so it was not added")
        number = self._store.history().add(text, SOURCE)
        return _answer(Remembered(number), f"added as text {number}")

    def _search(self, query: str, k: int) -> CallToolResult:
        found = tuple(self._store.history().search(query, k))
        return _answer(Found(found), "\n\n".join(item.text for item in found) or "nothing found")


def _answer(result: Rewritten | Explained | Manner | Remembered | Found, text: str) -> CallToolResult:
    """For clients that read structured results, and for those that read text."""
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=asdict(result))


# -- without raw history -------------------------------------------------------------------------------------------------


def notices(result: Rewrite) -> tuple[str, ...]:
    """What the user should know of a rewrite. What a reflector says that failed may cite texts."""
    return (FAILED,) if result.failed else result.notices


def discreet(reverted: Reverted, draft: str) -> Reverted:
    """What the guard took back, in the draft's words: what else it cites a reflector has proposed."""
    reason, _, cited = reverted.reason.partition(": ")
    return Reverted(
        reverted.sentence if reverted.sentence in draft else "an addition",
        reverted.reason if cited.strip("'\"") in draft else reason,
    )


def without_names(profile: StyleProfile) -> StyleProfile:
    """The profile with sign-offs cut to their stock phrases: what follows may be a name, or any line of the user's."""
    habits = {key: _without_names(habit) if key.partition(":")[0] == "sign_off" else habit for key, habit in profile.habits.items()}
    return replace(profile, habits=habits)


def _without_names(habit: Habit) -> Habit:
    counts: dict[str, float] = defaultdict(float)
    for variant, n in habit.counts.items():
        counts[stock_phrase(variant)] += n
    return Habit(habit.feature, dict(counts))


def rates(profile: StyleProfile, named: set[str]) -> list[str]:
    """The user's commonest variants of the named features (by name or label), a line each."""
    rows = [row for row in show.profile_rows(without_names(profile)) if named & {row["feature"], row["label"]}]
    return [f"your habit, {row['label']}: {_commonest(row['rates'])}" for row in rows]


def _commonest(shares: Mapping[str, float]) -> str:
    top = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
    return ", ".join(f"{variant!r} {share:.0%}" for variant, share in top)


# -- server --------------------------------------------------------------------------------------------------------------


class Server(MCPServer[Any]):
    """The SDK's server, whose errors are one line each."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """As the SDK's. Raises ToolError."""
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError as error:
            raise ToolError(f"{name} failed: {type(error.__cause__).__name__}") from None
        except ToolError as error:
            raise ToolError(_one_line(error)) from None


def _one_line(error: ToolError) -> str:
    """What pydantic says of arguments has many lines, and cites them."""
    if isinstance(error.__cause__, ValidationError):
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.__cause__.errors())
        return "wrong arguments: " + "; ".join(wrong)
    return " ".join(str(error).split())


def make_server(store: Store, allowed: Allowed) -> Server:
    """The server with its tools."""
    server = Server("rpo-edge", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR", subscriptions=False)
    server.middleware.clear()  # OpenTelemetry's spans, and seals for dialogues that these tools do not have
    Tools(store, allowed).register(server)
    return server


def serve(path: Path, opened: Callable[[], History], reflector: str, allowed: Allowed, like: str | None = None) -> None:
    """Serve one client until it closes standard input. path, opened, reflector, like: see `Store`."""
    store = Store(path, opened, reflector, like)
    try:
        make_server(store, allowed).run("stdio")
    finally:
        store.close()
