"""LaMP (arXiv 2304.11406), a benchmark of personalization: its files, its metrics, and rows for the workshop.

    python -m training lamp fetch OUT --task LaMP-4 --split dev --by user|time     the official files (fetch.py)
    python -m training lamp convert QUESTIONS OUTPUTS OUT.jsonl                     a line for each question (convert.py)
    python -m training lamp long FILE.parquet OUT.jsonl                             the same of a file of LongLaMP (long.py)
    python -m training lamp pairs OUT [--split dev] [--least 1]                     title generation of LaMP's form, not LaMP (convert.py)
    python -m training lamp predict QUESTIONS OUT.json --task LaMP-4 --reflector M  a reflector's predictions (predict.py)
    python -m training lamp score PREDICTIONS.json OUTPUTS.json                     the metrics (metrics.py)

Tasks: LaMP-1 (which of two papers does this author cite), LaMP-2 (a film's tag; in its older version a news item's category), LaMP-3
(the rating that goes with a review), LaMP-4 (headlines), LaMP-5 (titles of papers), LaMP-7 (tweets). LaMP-6 needs a licensed
collection of e-mail and is left out. No figure on LaMP has been measured here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.request import build_opener

from training import data, recipe
from training.lamp import convert, fetch, layout, long, metrics, posed


def main(argv: list[str]) -> None:
    """Run one of the commands. What a user can mend is said in a line."""
    options = _parser().parse_args(argv)
    try:
        options.run(options)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = recipe.parser("lamp", __doc__)
    commands = parser.add_subparsers(required=True, metavar="{fetch,convert,long,pairs,predict,score}")
    get = commands.add_parser("fetch", help="download official files")
    get.set_defaults(run=_fetch)
    get.add_argument("out", type=Path, help="a folder; a download that broke off there goes on")
    get.add_argument("--task", choices=fetch.FOLDERS, required=True, help="LaMP-2 tags films, LaMP-2N is the older task on news")
    get.add_argument("--split", choices=fetch.SPLITS, default="dev", help="there are no golds of test")
    get.add_argument("--by", choices=fetch.SEPARATIONS, default="user", help="what sets the splits apart")
    make = commands.add_parser("convert", help="questions and outputs to JSON lines")
    make.set_defaults(run=_convert)
    for name in ("questions", "outputs", "out"):
        make.add_argument(name, type=Path)
    wide = commands.add_parser("long", help="a parquet file of LongLaMP to JSON lines")
    wide.set_defaults(run=_long)
    wide.add_argument("file", type=Path)
    wide.add_argument("out", type=Path)
    pairs = commands.add_parser("pairs", help="title generation of LaMP's form, from papers; not LaMP")
    pairs.set_defaults(run=_pairs)
    pairs.add_argument("out", type=Path, help="a folder to write into")
    pairs.add_argument("--split", choices=("train", "dev", "test"), default="dev", help="test is for final reports only")
    pairs.add_argument("--least", type=int, default=1, help="papers that a profile has at least")
    guess = commands.add_parser("predict", help="write a reflector's predictions, which `score` reads")
    guess.set_defaults(run=_predict)
    guess.add_argument("questions", type=Path, help="official questions, or lines of convert or of the teacher (.jsonl)")
    guess.add_argument("out", type=Path)
    guess.add_argument("--task", help="of official questions, which do not say it: LaMP-4")
    guess.add_argument("--reflector", type=Path, help="model or checkpoint folder (default: the embedded model)")
    guess.add_argument(
        "--draft", choices=posed.FORMS, help="where a line has no draft (default: text for a generative reflector, else opening)"
    )
    judge = commands.add_parser("score", help="print the metrics of predictions")
    judge.set_defaults(run=_score)
    for name in ("predictions", "outputs"):
        judge.add_argument(name, type=Path)
    return parser


def _fetch(options: argparse.Namespace) -> None:
    for path in fetch.fetch(options.out, fetch.names(options.task, options.split, options.by), build_opener()):
        print(path)


def _convert(options: argparse.Namespace) -> None:
    questions, outputs = layout.read_questions(options.questions), layout.read_outputs(options.outputs)
    _write(convert.lines(questions, outputs, convert.split_of(options.questions)), options.out)


def _long(options: argparse.Namespace) -> None:
    _write(long.lines(options.file), options.out)


def _write(rows: Iterable[layout.Row], out: Path) -> None:
    """One after another, as they are read, and then how many. The file is there once it is whole."""
    questions, texts, task = 0, 0, ""
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                questions, texts, task = questions + 1, texts + len(row["history"]), row["task"]
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    print(f"{questions} questions of {task}, {texts} texts" if questions else "no questions")


def _pairs(options: argparse.Namespace) -> None:
    questions, golds = convert.title_questions(data.rows("pairs/arxiv", options.split), options.least)
    options.out.mkdir(parents=True, exist_ok=True)
    layout.write_questions(options.out / f"{options.split}_questions.json", questions, convert.PAIRS_FIELDS)
    layout.write_outputs(options.out / f"{options.split}_outputs.json", golds)
    print(f"{len(questions)} questions, {sum(len(question.profile) for question in questions)} texts")


def _predict(options: argparse.Namespace) -> None:
    from training.lamp import predict  # it loads models, for which the other commands need nothing installed

    predict.run(options.questions, options.out, options.task, options.reflector, options.draft)


def _score(options: argparse.Namespace) -> None:
    for name, value in metrics.score(layout.read_outputs(options.predictions), layout.read_outputs(options.outputs)).items():
        print(f"{name} {value:.4f}")
