"""`python -m bench history --items N`: storing, searching, adding, the profile, at N generated items, beside a naive query in one run.

The texts have 30 to 200 words, drawn by a seeded generator from the words of real histories as often as those have them (train split of
the research data; of examples/history where that is absent). Queries are real drafts of 300 words (dev split; or generated). The naive query asks FTS5
for all words of the draft; times are given as ratios to it too, because machines and their neighbours differ.
The second pass takes milliseconds of a processor for each text, so that it is told from some of them (`--measured`). The profile is read from
their sums; how many items the sums are of changes nothing. Speeds are told by the clock and by the processor time of this process,
which others' work changes less. What whoever comes first pays: the first rewrite after so many texts were stored (`--first`), against the
median of those after it in the same run, by `rules` and by `edit`; each with a store of its own.
Everything lies in a temporary folder, some 2.5 KB an item, and is removed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rpo_edge import History, HistoryItem, Personalizer
from rpo_edge.importers import IMPORTERS, Importer, Report, read
from rpo_edge.records import StyleProfile
from rpo_edge.steps.profile import make_profile
from rpo_edge.store.counting import habits
from rpo_edge.store.search import plan
from training import data

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261125
SHORTEST, LONGEST, QUERY = 30, 200, 300  # words
QUERIES, NAIVE, ADDED, PROFILES = 100, 3, 50, 20
MEASURED = 5_000
FIRST, LATER = 1_000, 5  # texts that a first rewrite waits for; rewrites after it
SCANNED = 2000  # texts that the secret scan's speed is told from
K = 8


def tokens() -> list[str]:
    """The words of real texts, each as often as it stands there."""
    if data.available():
        return [word for group in data.HISTORIES for row in data.rows(f"histories/{group}", "train") for word in row["text"].split()]
    lines = (ROOT / "examples/history/posts.jsonl").read_text("utf-8").splitlines()
    return [word for line in lines for word in json.loads(line)["text"].split()]


def texts(words: list[str], count: int, seed: int = SEED) -> Iterator[str]:
    """Generated texts."""
    rng = np.random.default_rng(seed)
    pool = np.array(words, dtype=object)
    for start in range(0, count, 10_000):
        sizes = rng.integers(SHORTEST, LONGEST + 1, size=min(10_000, count - start))
        drawn = pool[rng.integers(0, len(pool), size=int(sizes.sum()))].tolist()
        at = 0
        for size in sizes.tolist():
            yield " ".join(drawn[at : at + size])
            at += size


def queries(words: list[str]) -> list[str]:
    """Drafts of QUERY words."""
    if not data.available():
        rng = random.Random(SEED)
        return [" ".join(rng.choices(words, k=QUERY)) for _ in range(QUERIES)]
    long = [row["response"] for row in data.rows("drafts/00", "dev") if len(row["response"].split()) >= QUERY]
    return [" ".join(text.split()[:QUERY]) for text in random.Random(SEED).sample(long, min(QUERIES, len(long)))]


def seconds(call: Callable[..., Any], *arguments: Any) -> float:
    """Of one call."""
    begun = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - begun


def told(what: str, times: list[float], naive: float) -> None:
    """Median and 95th percentile in ms, and the latter as a share of the naive query."""
    high = sorted(times)[int(0.95 * (len(times) - 1))]
    print(f"{what}: median {1000 * statistics.median(times):.2f} ms, p95 {1000 * high:.2f} ms, p95 / naive {high / naive:.5f}", flush=True)


def store(history: History, file: Path, count: int) -> None:
    """JSON lines to items and index; then what the secret scan and the measuring take, apart."""
    importer = next(one for one in IMPORTERS if one.name == "jsonl")
    begun = time.process_time()
    took = seconds(lambda: history.extend(read([(file, importer)], Report(), keep_secrets=True), measure=False))
    spent = time.process_time() - begun
    print(
        f"JSONL to store and index: {count / took:.0f} items/s ({took:.1f} s; {1e6 * spent / count:.0f} µs of processor time an item)",
        flush=True,
    )
    print(f"size: {history.path.stat().st_size / count:.0f} bytes an item before it is measured", flush=True)
    some = file.with_stem("some")
    with file.open("rb") as lines:
        some.write_bytes(b"".join(line for line, _ in zip(lines, range(SCANNED), strict=False)))
    scans, bare = (seconds(_read_all, some, importer, kept) for kept in (False, True))
    print(f"secret scan, before storing: {min(SCANNED, count) / max(1e-9, scans - bare):.0f} texts/s", flush=True)


def _read_all(file: Path, importer: Importer, keep_secrets: bool) -> None:
    for _ in read([(file, importer)], Report(), keep_secrets=keep_secrets):
        pass


def search(history: History, asked: list[str]) -> float:
    """The naive query's median time in seconds, after telling both."""
    naive = [seconds(_naive, history, query) for query in asked[:NAIVE]]
    middle = statistics.median(naive)
    print(f"naive search (all words, BM25): median {1000 * middle:.0f} ms of {len(naive)}", flush=True)
    told(f"search, {QUERY} words", [seconds(history.search, query, K) for query in asked], middle)
    match = (plan(history._connection, query, K) for query in asked)
    print(f"words asked for: {statistics.mean(one[0].count(' OR ') + 1 for one in match if one):.0f} of a draft", flush=True)
    return middle


def _naive(history: History, query: str) -> list[Any]:
    words = " OR ".join(f'"{word}"' for word in dict.fromkeys(query.replace('"', " ").lower().split()))
    sql = "select rowid from items_fts where items_fts match ? order by bm25(items_fts) limit ?"
    return history._connection.execute(sql, [words, K]).fetchall()


def main(arguments: list[str]) -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(prog="python -m bench history")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made")
    parser.add_argument("--measured", type=int, default=MEASURED, help="items that are measured, some milliseconds each on one core")
    parser.add_argument("--first", type=int, default=FIRST, help="items that a first rewrite waits for; 0 for none")
    options = parser.parse_args(arguments)
    words = tokens()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file = Path(folder) / "items.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts(words, options.items))
        with History.open(Path(folder) / "history.db") as history:
            store(history, file, options.items)
            file.unlink()
            naive = search(history, queries(words))
            history.add("A first one, which imports what is needed.")
            told("add one item", [seconds(history.add, text) for text in texts(words, ADDED, SEED + 1)], naive)
            if options.measured:
                measured(history, min(options.measured, options.items))
                told("profile", [seconds(profile, history) for _ in range(PROFILES)], naive)
        with History.open(Path(folder) / "small.db") as small:
            small.add("A first one, which imports what is needed.")
            told("add one item, measured at once", [seconds(small.add, text) for text in texts(words, ADDED, SEED + 2)], naive)
        if options.first:
            for reflector in ("rules", "edit"):
                first(Path(folder), reflector, words, options.first)


def first(folder: Path, reflector: str, words: list[str], count: int) -> None:
    """The first rewrite after texts were stored and not measured, as by an import that was broken off, and those after it."""
    draft = (ROOT / "examples/response.txt").read_text("utf-8")
    with History.open(folder / f"{reflector}.db") as history:
        history.extend(map(HistoryItem, texts(words, count, SEED + 3)), measure=False)
        with Personalizer(history, reflector) as personalizer:
            once = seconds(personalizer.rewrite, draft)
            later = statistics.median(seconds(personalizer.rewrite, draft) for _ in range(LATER))
    print(
        f"first rewrite after {count} texts, {reflector}: {once:.1f} s, later median {1000 * later:.0f} ms, first / later {once / later:.0f}",
        flush=True,
    )


def measured(history: History, count: int) -> None:
    """What measuring some items takes."""
    took = seconds(history.measure, count)
    print(f"measuring, second pass: {count / took:.0f} items/s ({count} items)", flush=True)


def profile(history: History) -> StyleProfile:
    """As `History.profile` reads it where all is measured."""
    return make_profile(habits(history._connection, history.path), history.preferences(), len(history))
