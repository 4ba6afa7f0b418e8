"""Proof that artifacts say what their checkpoint says, and the page that tells it.

    python -m export verify CHECKPOINT ARTIFACT… [--prompts FILE] [--evaluation FIGURES.json]… [--docs FILE.md]
    python -m export verify [--evaluation FIGURES.json]… --docs FILE.md

ARTIFACT is a GGUF file, an ONNX folder of `python -m export onnx`, or a model folder of `python -m export generative` or `edit`. Each is run in a
process of its own, on the prompts of `export/parity/golden.py` or those of FILE (lines of JSON: "prompt", "answer"), and on thousands of
strings; an edit model on the answers of `examples/`. What is found is printed, written into the artifact's manifest as "parity" where it has one (its
files and their sums stay as they are), and told in FILE.md. FIGURES.json is what `python -m training evaluate --out FOLDER` leaves of an artifact: one
for each suite, if need be, and one of `--fixture` for the texts of the worst rewrites. Ratios are to the first artifact, of edit models to float32.

Without a checkpoint the page is written again from the manifests of the models that come with the package, with new evaluations of these where any
are named; what was measured against their checkpoints stays.

The exit code is 2 where an artifact is beyond a limit of `export/parity/limits.py`; its figures are written all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from export import arguments
from export import folder as folders
from export.parity import card, evaluations, gate, golden
from export.parity.figures import Parity, rounded
from export.parity.limits import missed
from export.parity.measuring import FULL, Artifact, measured
from export.parity.origin import ROUNDED, of_artifact
from export.parity.pace import pace
from rpo_edge.errors import InputError
from rpo_edge.manifest import Manifest, embedded

EDITED, TIMED = 100, 30
"""Real answers that an edit model edits, and those of them that are timed."""
FLAT = 0.05
"""Root mean square by which an edit model's logits vary from word to word, below which the network adds nothing: 5% of the odds."""


def main(given: list[str]) -> None:
    """Measure, print, write down."""
    parser = arguments.parser("verify", __doc__)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("artifacts", type=Path, nargs="*", metavar="artifact")
    parser.add_argument("--prompts", type=Path, help="lines of JSON in place of the golden prompts")
    parser.add_argument("--evaluation", type=Path, action="append", default=[], help="figures.json of an artifact; may be given again")
    parser.add_argument("--docs", type=Path, help="the page that is to tell it")
    options = parser.parse_args(given)
    if (not options.checkpoint and not options.docs) or (options.checkpoint and not options.artifacts):
        parser.error("a checkpoint and its artifacts are needed, or --docs alone")
    found: list[Parity] = []
    if options.checkpoint:
        asked = golden.read(options.prompts) if options.prompts else ()
        found = evaluated(figures(options.checkpoint, options.artifacts, asked), options.artifacts, options.evaluation)
        print(card.table([one.as_json() for one in found]), end="")
        record(found, options.artifacts)
    elif options.evaluation:
        reevaluate(options.evaluation)
    if options.docs:
        before = options.docs.read_text("utf-8") if options.docs.exists() else ""
        options.docs.write_text(card.page(before, sections(options.checkpoint, options.artifacts, found)), "utf-8")
    if odd := [f"{one.artifact}: {what}" for one in found for what in one.missed]:
        raise InputError("; ".join(odd))


def figures(checkpoint: Path, paths: Sequence[Path], asked: Sequence[golden.Golden] = ()) -> list[Parity]:
    """Of each artifact, in their order. Raises InputError for one that cannot be run, or artifacts of different kinds."""
    said = [folders.read(path) for path in paths]
    for path, facts in zip(paths, said, strict=True):
        if facts.get("kind") in ("edit", "generative"):
            Manifest.load(path).verify()
    if {facts.get("kind") == "edit" for facts in said} == {True}:
        found = [edit_figures(checkpoint, path, facts["quantization"]) for path, facts in zip(paths, said, strict=True)]
    elif any(facts.get("kind") == "edit" for facts in said):
        raise InputError("edit models and others have no checkpoint in common")
    else:
        named = zip(paths, measured(checkpoint, [Artifact.of(path) for path in paths], FULL, asked), strict=True)
        found = [replace(one, artifact=path.name) for path, one in named]
    return [replace(one, missed=tuple(missed(one))) for one in found]


def edit_figures(checkpoint: Path, path: Path, quantization: str) -> Parity:
    """Of more answers than an export takes time for; with speed and memory, and what the figures do not say."""
    found = gate.edit_figures(checkpoint, path, path.name, quantization, EDITED)
    speed, memory = pace(checkpoint, path, list(islice(golden.drafts(), TIMED)))
    notes = [*([ROUNDED] if of_artifact(checkpoint, path) else []), *notes_of(found)]
    return replace(found, pace=speed, memory=memory, notes=tuple(notes))


def notes_of(found: Parity) -> list[str]:
    """What a network that hardly tells words apart makes of its figures: they are good whatever the artifact is like."""
    if not found.edits or found.edits.spread >= FLAT:
        return []
    return [
        f"from word to word float32's logits vary by {found.edits.spread:.2g}, next to nothing: what is edited is decided by what fits and by the "
        "user's counts, and the same choices say little of how well the network was exported"
    ]


def evaluated(found: Sequence[Parity], paths: Sequence[Path], files: Sequence[Path]) -> list[Parity]:
    """The figures, each with its evaluations. Raises InputError as `_of_each` does."""
    return [replace(one, evaluation=evaluations.together(its)) for one, its in zip(found, _of_each(paths, files), strict=True)]


def reevaluate(files: Sequence[Path]) -> None:
    """Evaluations into the manifests of the models that come with the package, in place of those before. Raises InputError as `_of_each` does."""
    paths = embedded()
    for path, its in zip(paths, _of_each(paths, files), strict=True):
        if its:
            said = folders.read(path)
            parity = said.get("parity", {})
            evaluation = evaluations.together(its, parity.get("evaluation"))
            folders.save(path, said | {"parity": {**parity, "evaluation": rounded(evaluation)}})


def _of_each(paths: Sequence[Path], files: Sequence[Path]) -> list[list[dict[str, Any]]]:
    """The evaluations of each artifact. Raises InputError for one of none of them; `evaluations.together` does for two that do not go together."""
    known = [Manifest.load(path).sha256 if folders.read(path).get("kind") in ("edit", "generative") else "" for path in paths]
    of_each: list[list[dict[str, Any]]] = [[] for _ in paths]
    for file in files:
        evaluation = evaluations.read(file)
        at = next((i for i, sha256 in enumerate(known) if sha256 and evaluations.is_of(evaluation, sha256)), None)
        if at is None:
            raise InputError(f"{file} is of {evaluation['reflector']!r}, which is none of these artifacts")
        of_each[at].append(evaluation)
    return of_each


def record(found: Sequence[Parity], paths: Sequence[Path]) -> None:
    """Into each manifest, beside what it says already."""
    for one, path in zip(found, paths, strict=True):
        if said := folders.read(path):
            folders.save(path, said | {"bits_per_weight": round(one.bits, 3), "parity": one.as_json()})


def sections(checkpoint: Path | None, paths: Sequence[Path], found: Sequence[Parity]) -> dict[str, str]:
    """Of the embedded models, and of what was measured: one section for all artifacts of a checkpoint."""
    result = {said["name"]: card.section(said["name"], said) for said in map(folders.read, embedded())}
    if checkpoint:
        said = described(checkpoint, paths)
        result[said["name"]] = card.section(said["name"], said, [one.as_json() for one in found])
    return result


def described(checkpoint: Path, paths: Sequence[Path]) -> Mapping[str, Any]:
    """The manifest of the first artifact that has one, less what differs between artifacts; else no more than a name."""
    several = len(paths) > 1
    first: dict[str, Any] = next(filter(None, map(folders.read, paths)), {"name": checkpoint.resolve().name})
    return {name: value for name, value in first.items() if not (several and name in ("quantization", "bits_per_weight", "route"))}
