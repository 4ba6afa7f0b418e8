"""The evaluation, always with its controls.

    python -m training evaluate [--reflector PATH] [--against PATH] [--suite restore|transfer|llm-drafts|personas|preferences|lamp|all]
                                [--final] [--fixture] [--texts N] [--drafts N] [--checkpoint C] [--out FOLDER]

PATH is a model folder (default: the embedded one) or the float32 checkpoint folder of a reflector's training, of the kind edit or
generative: every kind by the same code, told the same, and the rows bear its name. Where a reflector reads texts of the history, these
are retrieved for each draft as on a device. Each suite is on authors that no training saw (dev; `--final`: test, for the last report only):

restore       texts flattened by the evaluation's own flattener, which no builder uses; share of the distance to the author's
              own words that is closed (word similarity: difflib ratio over whitespace tokens), ROUGE-1 and ROUGE-L F1.
              Controls: draft unchanged (0 by definition); rules; the reflector without history, with another user's of the same
              source, and with one part of the right history and another part of another's: of edit, the habits that rules reads
              and the counts; of generative, the profile and the texts. Edit also with the right habits and the counts of only the
              texts that are retrieved for the draft, or of as many others, which is what fits beside a draft in an encoder's
              window. The oracle that knows the flattener and the author's rates. This is the one suite with parts of two users, the right
              profile with shuffled snippets and the reverse: its drafts are an author's own texts, on whose subjects others of that
              author's can be retrieved, while a real draft is on none of them.
              Personalization is the gain of right over another's; of some texts, with 1, 2, 4, 8, 16 and all texts of history.
transfer      passages flattened by each neutraliser of the builders in turn, one of which no training saw. Controls: rules; the
              reflector without history, with another user's.
llm-drafts    real LLM drafts, each for some user: edits per 100 words, sentences that the guard took back, fidelity, what is lost and
              invented by kind, half-applied edits, how far each feature's rate is from the user's, and how much of that is closed; and
              attribution among 20 users of one source by a character n-gram classifier that nothing was trained against. Controls: draft
              unchanged; rules; the reflector without history, with another user's.
personas      real LLM drafts, each for a made-up user all of whose texts are in one voice (`voices.py`), so that every place of a draft has a
              right answer: F0.5 of edits, recall by feature. Controls: draft unchanged; rules; the reflector without history, with
              another persona's, with 3 texts, and with a fifth of the texts other people's.
preferences   real LLM drafts, each for a user who states one to three preferences: the share of places that obey, fidelity, and how much
              of the distance to the user's rates is closed where nothing is stated. Controls: draft unchanged; rules; the reflector without
              history, with another user's (the same is stated), and one that was not told.
lamp          titles of papers in LaMP's form. It is not LaMP (`training/lamp`), and an edit reflector can show floors only. Controls: the
              reflector without history, with another author's.

The last table is "Right over another's history, by suite": the paired difference of every measure of which more is better, and whether it
holds, its interval above 0.

`--against` holds a second reflector against the first, in restore and llm-drafts: one more row or column, and paired differences. There a
generative one has another row, "edit after generative": the embedded edit model goes over what it wrote. It is slow: `--texts` and
`--drafts` bound the work.
`--checkpoint` compares the model's edits with those of the checkpoint that it was exported from. `--out` writes figures.json,
report.md, plots, and failures.html, the worst rewrites with their edits. `--fixture` takes the texts of `examples/eval` instead of the
research data, which a clone does not have; figures.json then has the texts of the worst rewrites, for the model's card. Intervals are 95%, by bootstrap over authors or users; of differences too, paired.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rpo_edge.errors import ModelError
from rpo_edge.features import VERSION as FEATURES
from training import data, processes, recipe
from training.evaluation import material, reflectors
from training.evaluation.agreement import agreement
from training.evaluation.attribution import attribution
from training.evaluation.drafts import real_drafts
from training.evaluation.material import SEED, Ground, Names
from training.evaluation.outcome import Outcome
from training.evaluation.personas import personas
from training.evaluation.preferences import preferences
from training.evaluation.report import EXAMPLES, Report
from training.evaluation.restoration import restoration
from training.evaluation.sizes import sizes
from training.evaluation.titles import titles
from training.evaluation.transfer import transfer

Part = Callable[[Ground], Outcome]

SUITES: dict[str, Sequence[Part]] = {
    "restore": (restoration, sizes),
    "transfer": (transfer,),
    "llm-drafts": (real_drafts, attribution),
    "personas": (personas,),
    "preferences": (preferences,),
    "lamp": (titles,),
}


def main(argv: list[str]) -> None:
    """Run the suites, print their tables, write the report."""
    parser = _parser()
    options = parser.parse_args(argv)
    if min(options.texts, options.drafts) < 1:
        parser.error("--texts and --drafts are at least 1: nothing can be said of nothing")
    folder = options.reflector or reflectors.default()
    if folder is None:
        parser.error("no model is embedded; name a reflector")
    paths = [path for path in (folder, options.against, options.checkpoint) if path]
    try:
        kinds = {path: reflectors.kind(path) for path in paths}
    except ModelError as error:
        parser.error(str(error))
    fixture = options.fixture or not data.available()
    if fixture and options.final:
        parser.error("--final is of the research data's test split, which is not here" if not options.fixture else "--final or --fixture")
    if fixture and not options.fixture:
        print("the research data is not here: the texts of examples/eval are taken in its place", file=sys.stderr)
    names = Names(kinds[folder], kinds[options.against] if options.against else None)
    report = Report(_about(options, folder, fixture) | {"kind": names.kind})
    found = material.read(options.final, fixture)
    with processes.pool(material.start, folder, options.against) as pool:
        ground = Ground(found, pool, names, options.texts, options.drafts)
        for suite in SUITES if options.suite == "all" else (options.suite,):
            for part in SUITES[suite]:
                report.add(suite, part(ground))
        if options.checkpoint:
            report.add("agreement", agreement(options.checkpoint, folder, ground))
    report.close()
    if options.out:
        report.write(options.out)


def _parser() -> argparse.ArgumentParser:
    parser = recipe.parser("evaluate", __doc__)
    parser.add_argument("--reflector", type=Path, help="model or checkpoint folder (default: the embedded model)")
    parser.add_argument("--against", type=Path, help="a second one that it is held against")
    parser.add_argument("--suite", choices=(*SUITES, "all"), default="all")
    parser.add_argument("--final", action="store_true", help="test authors: for the last report only")
    parser.add_argument("--fixture", action="store_true", help="examples/eval instead of the research data")
    parser.add_argument("--texts", type=int, default=25, help="texts of each author to restore, at most")
    parser.add_argument("--drafts", type=int, default=300, help="real drafts, and questions of lamp")
    parser.add_argument("--checkpoint", type=Path, help="compare the model's edits with this float32 checkpoint, too")
    parser.add_argument("--out", type=Path, help="write figures, report, plots and failures into this folder")
    return parser


def _about(options: argparse.Namespace, folder: Path, fixture: bool) -> dict[str, Any]:
    """What a reader must know of a run."""
    return {
        "reflector": reflectors.named(folder),
        "against": reflectors.named(options.against) if options.against else None,
        "features": FEATURES,
        "authors": EXAMPLES if fixture else "test" if options.final else "dev",
        "suite": options.suite,
        "texts": options.texts,
        "drafts": options.drafts,
        "seed": SEED,
    }
