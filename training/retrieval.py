"""Does retrieval find what it should, and does a dense index find more? Measured on dev authors.

    python -m training retrieval [--texts N] [--queries N] [--drafts N] [--authors N] [--no-dense] [--without-mixed]

Method. Of each dev author so many texts by lot; queries are passages of theirs as the evaluation's flattener leaves them, and the
text that a passage is from is taken out of the store and of the profile. Titles say what is of one topic; no index ever sees them:
- same document: the author's items under the very title of the query's text (other parts of a post, of a book, of a proposal);
- same topic: the author's items under another title that has the rarer words in common (cosine of TF-IDF over words of at least three
  letters, without stop words and words of more than 1% of the titles, at least TOPIC), with the whole document out of the store. That is what
  the product meets: a new draft, older texts about the same.
Stores: `own`, the author's texts, as on a device; `mixed`, those of all authors in one, where gold is still the author's own items.
A query whose gold is more than half of the author's items says nothing and is left out.

Measures, over the first 8 items, binary gains: recall (of as many as there are, 8 at most), nDCG (Järvelin and Kekäläinen 2002), reciprocal rank.
shown: of the query's free places in which the user has a habit (`retrieve.wants`, over the whole draft), the share for which an
item shows the variant that the user writes more often than the draft does; "to change": of those places where the draft has
another variant. Also on real drafts, for which no gold exists.

Deviations: recency cannot be judged by topic here (a query's text is of any date, the newest texts are the same for all of an author's
queries), and the items of `mixed` have no one profile, so coverage is measured in `own` alone.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rpo_edge.history import History
from rpo_edge.records import HistoryItem, StyleProfile
from rpo_edge.steps.profile import Counts, measure
from rpo_edge.steps.retrieve import CONSTANT, Mix, Want, retrieve, wants
from rpo_edge.usage import Array
from training import data, recipe
from training.evaluation.outcome import Pairs, difference, table
from training.statistics import bootstrap
from training.users import Hiding, cited, history_rows, stored

SEED = 22
K = 8
TOPIC = 0.3
_DRAFT = 2000  # code points of a real draft
_COMMON = 0.01  # share of titles; a word in more of them ("podcast") is of no topic

BM25, DENSE, BOTH = "BM25", "dense", "BM25 and dense"
METHODS: dict[str, tuple[str, Mix]] = {
    "relevance (BM25)": (BM25, Mix(recency=False, coverage=False)),
    "recency": (BM25, Mix(relevance=False, coverage=False)),
    "coverage": (BM25, Mix(relevance=False, recency=False)),
    "relevance, recency": (BM25, Mix(coverage=False)),
    "relevance, coverage": (BM25, Mix(recency=False)),
    "recency, coverage": (BM25, Mix(relevance=False)),
    "all": (BM25, Mix()),
    "dense": (DENSE, Mix(recency=False, coverage=False)),
    "BM25 and dense, fused": (BOTH, Mix(recency=False, coverage=False)),
    "all, dense in place of BM25": (DENSE, Mix()),
    "all, fused in place of BM25": (BOTH, Mix()),
}
DIFFERENCES = (
    ("dense", "relevance (BM25)"),
    ("BM25 and dense, fused", "relevance (BM25)"),
    ("all", "relevance (BM25)"),
    ("all", "recency, coverage"),
    ("all", "relevance, coverage"),
    ("all", "relevance, recency"),
    ("all, dense in place of BM25", "all"),
    ("all, fused in place of BM25", "all"),
)
RANKED = ("recall@8", "nDCG@8", "reciprocal rank")
SHOWN = ("shown", "shown, to change")

Embed = Callable[[Sequence[str]], Array]


@dataclass(frozen=True)
class Query:
    """A draft, the number of the author's text that it is from (None: of none), and the gold by kind."""

    text: str
    source: int | None = None
    document: frozenset[int] = frozenset()
    topic: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Person:
    """An author: texts, oldest first, with their titles; numbers count from 0 and stand for texts."""

    name: str
    texts: tuple[str, ...]
    titles: tuple[str | None, ...]
    queries: tuple[Query, ...] = ()
    drafts: tuple[Query, ...] = ()
    counts: tuple[Counts, ...] = ()

    def hidden(self, one: Query, whole: bool) -> set[int]:
        """Texts that a query must not find: the one it is from, and with `whole` all under its title."""
        if one.source is None:
            return set()
        title = self.titles[one.source]
        return {one.source} | {i for i, other in enumerate(self.titles) if whole and title and other == title}

    def profile(self, without: Collection[int], ids: Sequence[int]) -> StyleProfile:
        """As a store of the other texts would make it; ids: of the texts in that store."""
        kept = [i for i in range(len(self.texts)) if i not in without]
        return cited([self.counts[i] for i in kept], [ids[i] for i in kept])


@dataclass
class Shelf(Hiding):
    """A store with its vectors: `rows` holds one for each of `ids`; `queries` those of all drafts."""

    history: History
    ids: list[int]
    rows: Array | None
    queries: Mapping[str, Array]
    without: frozenset[int] = frozenset()
    how: str = BM25

    def search(self, query: str, k: int) -> list[HistoryItem]:
        """The k best of what may be found."""
        if self.how == BM25:
            return super().search(query, k)
        if self.how == DENSE:
            return self._dense(query, k)
        scores: dict[int, float] = defaultdict(float)
        items: dict[int, HistoryItem] = {}
        for found in (super().search(query, k), self._dense(query, k)):
            for rank, item in enumerate(found, 1):
                items[item.id or 0] = item
                scores[item.id or 0] += 1 / (CONSTANT + rank)
        return [items[number] for number in sorted(scores, key=lambda number: -scores[number])[:k]]

    def _dense(self, query: str, k: int) -> list[HistoryItem]:
        assert self.rows is not None
        order = np.argsort(-(self.rows @ self.queries[query]), kind="stable")[: k + len(self.without)]
        return self.kept([item for i in order if (item := self.history.get(self.ids[i]))], k)


# -- what is asked -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sizes:
    """Texts and queries of an author, and real drafts for each; authors: None for all."""

    texts: int = 60
    queries: int = 8
    drafts: int = 4
    authors: int | None = None


def people(sizes: Sizes) -> list[Person]:
    """Dev authors with their queries; texts that stand twice are taken once."""
    rows: dict[str, list[data.Row]] = defaultdict(list)
    for row in history_rows(data.HISTORIES, "dev"):
        rows[row["author"]].append(row)
    flat: dict[str, list[data.Row]] = defaultdict(list)
    for row in data.flattened():
        flat[row["author"]].append(row)
    alike = Topics([row["title"] for some in rows.values() for row in some if row["title"]])
    real = [row["response"][:_DRAFT] for row in data.rows("drafts/00", "dev") if "```" not in row["response"]]
    names = sorted(rows)
    if sizes.authors:
        names = sorted(random.Random(SEED).sample(names, min(sizes.authors, len(names))))
    return [_person(name, rows[name], flat[name], real, alike, sizes) for name in names]


def _person(name: str, rows: list[data.Row], flat: list[data.Row], real: list[str], alike: Topics, sizes: Sizes) -> Person:
    rng = random.Random(f"{SEED}{name}")
    unique = list({row["text"]: row for row in rows}.values())
    kept = sorted(rng.sample(unique, min(sizes.texts, len(unique))), key=lambda row: row["date"] or "")
    titles = tuple(row["title"] for row in kept)
    number = {row["text"]: i for i, row in enumerate(kept)}
    asked = [query(row["flat"], number[row["text"]], titles, alike) for row in flat if row["text"] in number]
    queries = tuple(one for one in asked if one.document or one.topic)[: sizes.queries]
    drafts = tuple(Query(text) for text in rng.sample(real, sizes.drafts))
    texts = tuple(row["text"] for row in kept)
    return Person(name, texts, titles, queries, drafts, tuple(map(measure, texts)))


def query(text: str, source: int, titles: Sequence[str | None], alike: Topics) -> Query:
    """A draft that was made of the text with number `source`, and its gold; too much gold is none."""
    title = titles[source]
    most = len(titles) // 2
    document = frozenset(i for i, other in enumerate(titles) if other and other == title and i != source)
    topic = frozenset(i for i, other in enumerate(titles) if other and title and other != title and alike(title, other) >= TOPIC)
    return Query(text, source, document if len(document) <= most else frozenset(), topic if len(topic) <= most else frozenset())


class Topics:
    """How much the rarer words of two titles have in common, from 0 to 1."""

    def __init__(self, titles: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        unique = sorted(set(titles))
        reader = TfidfVectorizer(stop_words="english", sublinear_tf=True, max_df=_COMMON, token_pattern=r"[A-Za-z]{3,}")
        self._rows = reader.fit_transform(unique)
        self._number = {title: i for i, title in enumerate(unique)}

    def __call__(self, one: str, other: str) -> float:
        a, b = self._rows[self._number[one]], self._rows[self._number[other]]
        return float((a @ b.T).sum())


# -- what is found -----------------------------------------------------------------------------------------------------


def ranked(found: Sequence[int], gold: Collection[int]) -> dict[str, float]:
    """RANKED of one query: `found` best first, K of them are looked at."""
    hits = [number in gold for number in found[:K]]
    most = min(K, len(gold))
    gain = sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits, 1))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, most + 1))
    first = next((1 / rank for rank, hit in enumerate(hits, 1) if hit), 0.0)
    return dict(zip(RANKED, (sum(hits) / most, gain / ideal, first), strict=True))


def shown(wanted: Sequence[Want], counts: Sequence[Counts]) -> dict[str, tuple[float, float]]:
    """SHOWN of one query, each (places shown, places); counts: of the items that were found.

    A variant is shown for a place by an item that has it anywhere in the feature ("don't" shows contraction for "it is").
    """
    seen = {(key.partition(":")[0], variant) for some in counts for key, variants in some.items() for variant, n in variants.items() if n}
    good = [want for want in wanted if (want.key.partition(":")[0], want.variant) in seen]
    pairs = [tuple(float(sum(getattr(want, of) for want in some)) for some in (good, wanted)) for of in ("places", "other")]
    return dict(zip(SHOWN, pairs, strict=True))  # type: ignore[arg-type]


Groups = dict[str, dict[str, dict[str, Pairs]]]
"""measure -> method -> author -> values and weights."""


def ask(
    person: Person, shelf: Shelf, ids: Sequence[int], kind: str, methods: Sequence[str]
) -> Iterator[tuple[str, str, tuple[float, float]]]:
    """(measure, method, value and weight) of an author's queries. kind: of gold, "document" or "topic", or "draft" for real drafts.

    ids: of the person's texts in the shelf's store.
    """
    for one in person.drafts if kind == "draft" else person.queries:
        gold = getattr(one, kind, frozenset())
        if kind != "draft" and not gold:
            continue
        out = person.hidden(one, whole=kind == "topic")
        profile = person.profile(out, ids)
        wanted = wants(one.text, profile, K)
        number = {ids[i]: i for i in range(len(ids))}
        shelf.without = frozenset(ids[i] for i in out)
        for method in methods:
            shelf.how, mix = METHODS[method]
            found = [item.id or 0 for item in retrieve(shelf, one.text, k=K, profile=profile, mix=mix).items]
            for measured, pair in shown(wanted, [person.counts[number[i]] for i in found if i in number]).items():
                yield measured, method, pair
            for measured, value in ranked(found, {ids[i] for i in gold}).items() if gold else ():
                yield measured, method, (value, 1.0)


class Experiment:
    """Everybody's texts in a store of their own and in one for all, with vectors where an encoder is given."""

    def __init__(self, everybody: Sequence[Person], embed: Embed | None, mixed: bool) -> None:
        self._people, self._dense = everybody, embed is not None
        texts = [text for person in everybody for text in person.texts]
        drafts = sorted({one.text for person in everybody for one in (*person.queries, *person.drafts)})
        self._rows = embed(texts) if embed else None
        self._queries = dict(zip(drafts, embed(drafts), strict=True)) if embed else {}
        self._mixed = _store(texts) if mixed else None

    def own(self, kind: str) -> Groups:
        """Each author's queries in their own store, by all methods."""
        groups, first = _empty(), 0
        for person in self._people:
            history, ids = _store(person.texts)
            rows = self._rows[first : first + len(ids)] if self._rows is not None else None
            first += len(ids)
            with history:
                self._into(groups, person, Shelf(history, ids, rows, self._queries), ids, kind, list(METHODS))
        return groups

    def mixed(self, kind: str) -> Groups:
        """The same in the store of all, by what goes by words or meaning alone."""
        assert self._mixed is not None
        groups, first = _empty(), 0
        history, ids = self._mixed
        for person in self._people:
            own = ids[first : first + len(person.texts)]
            first += len(own)
            methods = ["relevance (BM25)", "dense", "BM25 and dense, fused"]
            self._into(groups, person, Shelf(history, ids, self._rows, self._queries), own, kind, methods)
        return groups

    def _into(self, groups: Groups, person: Person, shelf: Shelf, ids: Sequence[int], kind: str, methods: Sequence[str]) -> None:
        able = [method for method in methods if self._dense or METHODS[method][0] == BM25]
        for measured, method, pair in ask(person, shelf, ids, kind, able):
            groups[measured][method].setdefault(person.name, []).append(pair)


def _empty() -> Groups:
    return defaultdict(lambda: defaultdict(dict))


def _store(texts: Sequence[str]) -> tuple[History, list[int]]:
    """A store in memory, and the texts' ids. It has no titles: they are the gold."""
    return stored(texts)


# -- what is said ------------------------------------------------------------------------------------------------------


def report(title: str, groups: Groups, measures: Sequence[str]) -> str:
    """Markdown: a row a method, then what one has more than another, with intervals over authors."""
    methods = list(groups[measures[0]])
    rows: list[list[Any]] = [[method, *(bootstrap(groups[name][method]) for name in measures)] for method in methods]
    for one, other in DIFFERENCES:
        if one in methods and other in methods:
            more = [bootstrap(difference(groups[name][one], groups[name][other])) for name in measures]
            rows.append([f"**{one}** over {other}", *more])
    some = groups[measures[0]][methods[0]]
    head = f"{title}: {len(some)} authors, {sum(map(len, some.values()))} drafts\n"
    return f"{head}\n{table(('method', *measures), rows)}"


def encoder() -> Embed:
    """MiniLM as it is: unit vectors of the mean over a text's pieces, in windows of 256."""
    from training.style_encoder import Config, StyleEncoder, base

    return StyleEncoder(base(), Config(longest=256, hide=False)).embed


def main(argv: list[str]) -> None:
    """Ask and print the tables."""
    parser = recipe.parser("retrieval", __doc__)
    for name in ("texts", "queries", "drafts", "authors"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Sizes(), name))
    parser.add_argument("--no-dense", action="store_true", help="without the encoder, which takes the time")
    parser.add_argument("--without-mixed", action="store_true", help="without the store of all authors")
    options = parser.parse_args(argv)
    everybody = people(Sizes(options.texts, options.queries, options.drafts, options.authors))
    begun = time.perf_counter()
    experiment = Experiment(everybody, None if options.no_dense else encoder(), not options.without_mixed)
    texts = sum(len(person.texts) for person in everybody)
    print(f"{len(everybody)} authors, {texts} texts; vectors and store in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    for kind, gold in (("document", "same document"), ("topic", "same topic, another document")):
        print(report(f"Own store, {gold}", experiment.own(kind), (*RANKED, *SHOWN)), flush=True)
        if not options.without_mixed:
            print(report(f"Mixed store, {gold}", experiment.mixed(kind), RANKED), flush=True)
    print(report("Own store, real drafts", experiment.own("draft"), SHOWN), flush=True)
