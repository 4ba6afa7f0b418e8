"""docs/models.md: a section for each model, between marks, so that a new run replaces its own section and leaves the others.

A card is made of manifests alone: what a manifest does not say is not on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from export.parity import chapters, markdown
from export.parity.markdown import told

HEAD = """# Models

Made by `python -m export verify --docs docs/models.md` out of the models' manifests. Do not edit: what stands between marks is written again.

How near an artifact is to its checkpoint is measured against PyTorch in float32, on windows of real answers with the habits and texts of a real
person (`examples/`) and on some thousand strings of every script.

KL: mean Kullback-Leibler divergence of the next token, in nats. Same top: share of places whose most probable next token is the same, and of those
where float32's best one is half as probable again as its second. Greedy: share of the tokens of float32's own text before the first that differs, and
share of texts that are the same to the end. Prefill and decode are ratios to the first row of the same run.

Of an edit model, KL and same top are of the choices that a device weighs at each place, a word or the marks after it: the operations that fit there and
to keep what is there, the user's counts included; "changed" of these places float32 would rather change. F1 of edits: place and words of the edits in
whole answers. F1 of labels and "logits off by" are of the network alone: the root mean square of the difference over that of what float32's logits vary
by from word to word. Words/s is of whole answers, and its ratio is to the same graph in float32, in turn with it in one run.

Fidelity (share of real drafts that lost or invented nothing), attribution (share of real drafts by which a classifier names their user) and distance
closed (of flattened texts to their authors' own words) are from `python -m training evaluate`, with 95% intervals.
"""
_SECTION = "<!-- model: {name} -->\n{text}<!-- end of {name} -->\n"
Said = Mapping[str, Any]


def page(before: str, sections: Mapping[str, str]) -> str:
    """The page with these sections, by name: in their old place, or at the end."""
    found = before or HEAD
    for name, text in sections.items():
        new = _SECTION.format(name=name, text=text)
        old = re.compile(rf"<!-- model: {re.escape(name)} -->\n.*?<!-- end of {re.escape(name)} -->\n", re.DOTALL)
        found = old.sub(lambda _: new, found) if old.search(found) else f"{found.rstrip()}\n\n{new}"  # noqa: B023  # used at once
    return _headed(found)


def _headed(found: str) -> str:
    """The head of now before the first section."""
    at = found.find("<!-- model: ")
    return f"{HEAD}\n{found[at:]}" if at >= 0 else HEAD


def section(name: str, manifest: Said, rows: Sequence[Said] = ()) -> str:
    """The card of a model. manifest: what is known of it; rows: figures of its artifacts (`Parity.as_json`), else the manifest's own."""
    rows = rows or [manifest["parity"]] if manifest.get("parity") or rows else []
    parts = [
        f"## {name}\n",
        _facts(manifest),
        *_data(manifest),
        *_training(manifest),
        *_metrics(manifest),
        *_parity(rows),
        *_evaluations(rows),
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _facts(said: Said) -> str:
    named = {
        "kind": "kind",
        "base": "base",
        "licence": "licence",
        "quantization": "quantization",
        "bits_per_weight": "bits a weight",
        "route": "route",
        "commit": "trained at commit",
        "command": "recipe",
        "calibration": "calibration",
    }
    lines = [f"- {label}: {told(said[key])}" for key, label in named.items() if said.get(key) not in (None, "", {})]
    return "\n".join(lines) + "\n" if lines else ""


_DATA = {"models": "drafts by model"}  # of what training counted, the names that need a word more


def _data(said: Said) -> Iterable[str]:
    if said.get("data"):
        data = said["data"]
        lines = (
            [f"- {_DATA.get(name, name)}: {told(value)}" for name, value in data.items()] if isinstance(data, Mapping) else [f"- {data}"]
        )
        yield "### Data and licences\n"
        yield "\n".join(lines) + "\n"


def _training(said: Said) -> Iterable[str]:
    """The configuration and the curve of each stage."""
    for stage in said.get("training", ()):
        curve = stage.get("curve", {})
        yield f"### {stage['stage'].capitalize()}\n"
        if stage.get("config"):
            yield f"{told(stage['config'])}.\n"
        if curve.get("rows"):
            yield markdown.table(curve["columns"], (map(str, row) for row in curve["rows"]))


def _metrics(said: Said) -> Iterable[str]:
    if said.get("metrics"):
        yield "### Metrics\n"
        yield "\n".join(_listed(said["metrics"])) + "\n"


def _listed(figures: Said, depth: int = 0) -> Iterable[str]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield f"{'  ' * depth}- {name}:"
            yield from _listed(value, depth + 1)
        else:
            yield f"{'  ' * depth}- {name}: {told(value)}"


COLUMNS = {
    "artifact": ("artifact", str),
    "quantization": ("quantization", str),
    "size": ("MB", "{:.2f}".format),
    "bits": ("bits a weight", "{:.2f}".format),
    "ids.differ": ("strings with other ids", str),
    "ids.strings": ("of", str),
    "logits.kl": ("KL", "{:.2g}".format),
    "logits.largest_kl": ("greatest KL", "{:.2g}".format),
    "logits.top1": ("same top", "{:.1%}".format),
    "logits.sure": ("where sure", "{:.1%}".format),
    "logits.perplexity": ("perplexity", "{:.4g}".format),
    "logits.float32": ("in float32", "{:.4g}".format),
    "choices.places": ("places", str),
    "choices.changed": ("changed", str),
    "choices.kl": ("KL", "{:.2g}".format),
    "choices.largest_kl": ("greatest KL", "{:.2g}".format),
    "choices.top1": ("same top", "{:.2%}".format),
    "choices.sure": ("where sure", "{:.2%}".format),
    "greedy.prefix": ("greedy", "{:.1%}".format),
    "greedy.whole": ("whole texts", "{:.0%}".format),
    "edits.f1": ("F1 of labels", "{:.3f}".format),
    "applied.f1": ("F1 of edits", "{:.3f}".format),
    "applied.edits": ("edits", str),
    "edits.apart": ("logits off by", "{:.1%}".format),
    "edits.spread": ("of a variation of", "{:.2g}".format),
    "speed.prefill_of_first": ("prefill, ×", "{:.2f}".format),
    "speed.decode_of_first": ("decode, ×", "{:.2f}".format),
    "speed.prefill": ("prefill, tokens/s", "{:.0f}".format),
    "speed.decode": ("decode, tokens/s", "{:.0f}".format),
    "pace.words": ("words/s", "{:.0f}".format),
    "pace.of_float32": ("of float32, ×", "{:.2f}".format),
    "memory": ("peak MiB", "{:.0f}".format),
    "pace.float32_memory": ("in float32", "{:.0f}".format),
}
"""A figure's place in `Parity.as_json`: the column's head, and how it is written. Columns that no row has are left out."""


def table(rows: Sequence[Said]) -> str:
    """A row for each artifact."""
    shown = {key: column for key, column in COLUMNS.items() if any(_found(row, key) is not None for row in rows)}
    written = ([(_found(row, key), write) for key, (_, write) in shown.items()] for row in rows)
    cells = (["–" if value is None else write(value) for value, write in row] for row in written)
    return markdown.table([head for head, _ in shown.values()], cells)


def _found(row: Said, key: str) -> Any:
    found: Any = row
    for step in key.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _parity(rows: Sequence[Said]) -> Iterable[str]:
    if not rows:
        return
    yield "### Against the checkpoint in float32\n"
    yield table(rows)
    notes = [f"- {row['artifact']}: {note}" for row in rows for note in (*row.get("notes", ()), *row.get("missed", ()), *_ids_notes(row))]
    if notes:
        yield "\n".join(notes) + "\n"


def _evaluations(rows: Sequence[Said]) -> Iterable[str]:
    for row in rows:
        if row.get("evaluation"):
            yield from chapters.evaluation(row["artifact"], row["evaluation"])


def _ids_notes(row: Said) -> Iterable[str]:
    ids = row.get("ids", {})
    if ids.get("uncomposed"):
        yield f"{ids['uncomposed']} strings that are not composed (NFC) have other ids, since the artifact's tokenizer does not compose them"
    yield from (f"other ids for {first}" for first in ids.get("first", ()))
