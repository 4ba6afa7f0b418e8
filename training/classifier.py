"""Who wrote it? A classifier among a few users, and the search for the edits that deceive it best.

The classifier is the measure of the evaluation's attribution part: no reward and no training ever sees it. `greedy` edits a
draft against the classifier itself. It cheats and has no sense of meaning, and so bounds what small edits can reach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from rpo_edge.edits import apply, disjoint
from rpo_edge.lexicon import FUNCTION_WORDS
from rpo_edge.records import Edit
from rpo_edge.segment import WORD
from rpo_edge.steps.freeze import freeze
from rpo_edge.steps.profile import free_sites

Array = np.ndarray[Any, np.dtype[np.float64]]

USERS = 20
"""Users that a draft's author is named among."""
LONGEST = 4
"""Characters of the longest n-gram."""
_TEXTS = 90  # of a user, at most


class Writer(Protocol):
    """Whoever has texts from somewhere."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def texts(self) -> Sequence[str]: ...


W = TypeVar("W", bound=Writer)


def suspects(people: Iterable[W], source: str | None = None) -> list[W]:
    """USERS of one source (None: the one that has most people), those with the most texts."""
    everybody = list(people)
    sizes = Counter(person.source for person in everybody)
    chosen = source or max(sorted(sizes), key=lambda name: sizes[name])
    return sorted((p for p in everybody if p.source == chosen), key=lambda p: (-len(p.texts), p.name))[:USERS]


class Classifier:
    """Character 1-4-gram TF-IDF and logistic regression over the users' texts, joined to about a draft's length.

    Every fifth chunk is held out for `accuracy`.
    """

    def __init__(self, texts: Sequence[Sequence[str]], size: int = 900) -> None:
        """texts: user by user; size: code points of a chunk."""
        chunks = [(chunk, i, k % 5 == 4) for i, group in enumerate(texts) for k, chunk in enumerate(_chunks(group[:_TEXTS], size))]
        samples, labels = zip(*((chunk, i) for chunk, i, held in chunks if not held), strict=True)
        self._vectors = TfidfVectorizer(
            analyzer="char", ngram_range=(1, LONGEST), sublinear_tf=True, min_df=3, lowercase=False, max_features=60_000
        )
        self._model = LogisticRegression(C=30, max_iter=300, class_weight="balanced").fit(self._vectors.fit_transform(samples), labels)
        self._zero = np.zeros(len(texts))
        self._analyze = self._vectors.build_analyzer()
        self.idf: Array = self._vectors.idf_
        self.weights: Array = (self._model.coef_ * self.idf).T.copy()  # (n-grams, users)
        unseen, names = zip(*((chunk, i) for chunk, i, held in chunks if held), strict=True)
        self.accuracy = float(self._model.score(self._vectors.transform(unseen), names))

    def centre(self, drafts: list[str]) -> None:
        """Take these drafts as the zero of every user's score: without it, subject and genre name the same few users always."""
        self._zero = self._model.decision_function(self._vectors.transform(drafts)).mean(axis=0)

    def counts(self, text: str) -> Counter[int]:
        """Uses of each n-gram, by its number."""
        numbers = (self._vectors.vocabulary_.get(gram) for gram in self._analyze(text))
        return Counter(number for number in numbers if number is not None)

    def probabilities(self, texts: list[str]) -> Array:
        """(texts, users), after centring."""
        scores = self._model.decision_function(self._vectors.transform(texts)) - self._zero
        exponentials: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
        result: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
        return result

    def log_odds(self, sums: Array, squares: Array, user: int) -> Array:
        """(...,) log odds of a user from (..., users) sums of weight times count, and (...,) squared lengths of the vectors."""
        scores = sums / np.sqrt(squares)[..., None] + self._model.intercept_ - self._zero
        others = np.delete(scores, user, axis=-1)
        top = others.max(axis=-1)
        result: Array = scores[..., user] - top - np.log(np.exp(others - top[..., None]).sum(axis=-1))
        return result


def _chunks(texts: Iterable[str], size: int) -> list[str]:
    chunks, current = [], ""
    for text in texts:
        current = f"{current}\n\n{text}" if current else text
        if len(current) >= size:
            chunks.append(current)
            current = ""
    return [*chunks, current] if current and len(chunks) < 3 else chunks


_MARKS = {",": ("", ";", " -"), ".": ("!", "...", ";"), "!": (".",), ";": (".", ",")}
_INSERTED = (
    "just", "really", "actually", "so", "like", "you know,", "I think", "I mean,", "kind of", "and", "but", "well,", "then", "also",
    "very", "quite", "of course", "indeed", "in fact", "that", "which", "now", "we", "basically", "probably", "maybe", "still",
)  # fmt: skip


def feature_edits(draft: str) -> list[Edit]:
    """Every option of every site of the profile's features."""
    return [
        Edit(s.start, s.end, draft[s.start : s.end], to, "option")
        for s in free_sites(draft, freeze(draft))
        for v, to in s.options.items()
        if v != "*"
    ]


def surface_edits(draft: str) -> list[Edit]:
    """What an editor without a sense of meaning could do as well: other marks, small words put in and taken out, case."""
    closed = {i for start, end, _ in freeze(draft) for i in range(start, end)}
    found: list[tuple[int, int, str]] = []
    for match in WORD.finditer(draft):
        start, end = match.span()
        if start in closed:
            continue
        found += [(start, start, f"{small} ") for small in _INSERTED]
        if match[0].lower() in FUNCTION_WORDS and draft[end : end + 1] == " ":
            found.append((start, end + 1, ""))
        if match[0][:1].isupper() and match[0].lower() in FUNCTION_WORDS:
            found.append((start, start + 1, match[0][0].lower()))
        mark = draft[end : end + 1]
        found += [(end, end + 1, to) for to in _MARKS.get(mark, ())] if end not in closed else []
        found += [(end, end, ",")] if mark == " " else []
    return [*feature_edits(draft), *(Edit(start, end, draft[start:end], to, "surface") for start, end, to in found)]


def greedy(
    draft: str, sites: Sequence[Edit], user: int, classifier: Classifier, legal: Callable[[list[Edit]], bool], steps: Collection[int]
) -> dict[int, str]:
    """The text after each number of steps in `steps`: each time the legal edit that raises the user's odds most, if any does.

    An edit changes the n-grams around it alone, so all are scored together as a sparse matrix (sites, n-grams) of differences
    of counts. Edits closer to each other than an n-gram's length would not add up, and exclude each other.
    """
    if not sites:
        return dict.fromkeys(steps, draft)
    changes = _changes(draft, sites, classifier)
    row = np.repeat(np.arange(len(sites)), np.diff(changes.indptr))
    starts, ends = np.array([e.start for e in sites], dtype=int), np.array([e.end for e in sites], dtype=int)
    counts = np.zeros(len(classifier.idf))
    for number, n in classifier.counts(draft).items():
        counts[number] = n
    open_ = np.ones(len(sites), dtype=bool)
    chosen: list[Edit] = []
    texts = {}
    for step in range(1, max(steps) + 1):
        old = _sublinear(counts)
        new, idf = _sublinear(counts[changes.indices] + changes.data), classifier.idf
        by_ngram = sparse.csr_matrix((new - old[changes.indices], changes.indices, changes.indptr), shape=changes.shape)
        sums = old @ classifier.weights + by_ngram @ classifier.weights
        grown = np.bincount(row, (new**2 - old[changes.indices] ** 2) * idf[changes.indices] ** 2, minlength=len(sites))
        length = ((old * idf) ** 2).sum()
        gains = classifier.log_odds(sums, length + grown, user) - classifier.log_odds(old @ classifier.weights, length, user)
        for i in np.argsort(-gains):
            if gains[i] <= 0:
                break
            if open_[i] and legal([*chosen, sites[i]]):
                chosen.append(sites[i])
                counts = np.maximum(0, counts + changes[[i]].toarray()[0])
                open_ &= (starts >= ends[i] + LONGEST) | (ends <= starts[i] - LONGEST)
                break
            open_[i] = False
        if step in steps:
            texts[step] = apply(draft, disjoint(chosen))
    return texts


def _changes(draft: str, sites: Sequence[Edit], classifier: Classifier) -> Any:
    """(sites, n-grams) differences of counts that each edit makes by itself."""
    rows, columns, values = [], [], []
    for i, edit in enumerate(sites):
        left, right = draft[max(0, edit.start - LONGEST + 1) : edit.start], draft[edit.end : edit.end + LONGEST - 1]
        difference = classifier.counts(left + edit.after + right)
        difference.subtract(classifier.counts(left + edit.before + right))
        for number, n in difference.items():
            if n:
                rows.append(i)
                columns.append(number)
                values.append(n)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(sites), len(classifier.idf)), dtype=float)


def _sublinear(counts: Array) -> Array:
    """1 + log of what is counted, 0 of what is not."""
    result: Array = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0.0)
    return result
