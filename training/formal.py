"""How often models and people write the formal words of the word list: `python -m training formal rpo_edge/formal.tsv`.

Models are those whose answers may train what ships; people are the train split's histories, each author weighing as 20,000 words at most. What people
were never seen to write has half a use, so their rate is not 0; pairs that models wrote less than FEWEST times are left out, since a rate of one or two says nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from rpo_edge.steps.formality import FEATURE
from rpo_edge.steps.profile import measure
from training import data, processes, recipe

FEWEST = 3
MOST = 20_000
"""Words of an author that count in full."""
_UNSEEN = 0.5
_PER = 100_000

Uses = tuple[Counter[tuple[str, str]], float]
"""Uses by detail and variant, and words."""


def uses(text: str) -> Uses:
    """Of one text."""
    counts = measure(text)
    own = {key.partition(":")[2]: of for key, of in counts.items() if key.startswith(f"{FEATURE}:")}
    found = Counter({(detail, variant): int(n) for detail, of in own.items() for variant, n in of.items()})
    return found, counts.get("lexical", {}).get("words", 0.0)


def summed(found: Iterable[Uses]) -> Uses:
    """Of many texts."""
    total, words = Counter[tuple[str, str]](), 0.0
    for counts, n in found:
        total.update(counts)
        words += n
    return total, words


def rates(models: Uses, people: Iterable[Uses]) -> Iterator[tuple[str, float, float, float]]:
    """(detail, formal uses in 100,000 words of models, of people, and plain ones of people), what models use most first."""
    weighed: dict[tuple[str, str], float] = defaultdict(float)
    words = 0.0
    for counts, n in people:
        weight = min(1.0, MOST / n) if n else 0.0
        words += n * weight
        for use, times in counts.items():
            weighed[use] += times * weight
    for (detail, variant), times in sorted(models[0].items(), key=lambda row: (-row[1], row[0])):
        if variant == "formal" and times >= FEWEST:
            formal, plain = weighed[detail, "formal"] + _UNSEEN, weighed[detail, "plain"]
            yield detail, _PER * times / models[1], _PER * formal / words, _PER * plain / words


def main(argv: list[str]) -> None:
    """Count, write."""
    parser = recipe.parser("formal", __doc__)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(argv)
    authors: dict[str, list[str]] = defaultdict(list)
    for group in data.HISTORIES:
        for row in data.rows(f"histories/{group}", "train"):
            authors[row["author"]].append(row["text"])
    with processes.pool() as pool:
        models = summed(pool.map(uses, [row["response"] for row in data.permitted("train")], chunksize=50))
        people = [summed(pool.map(uses, texts, chunksize=50)) for texts in authors.values()]
    found = list(rates(models, people))
    options.out.write_text("".join("\t".join([detail, *(f"{rate:.3g}" for rate in of)]) + "\n" for detail, *of in found), "utf-8")
    print(f"{len(found)} pairs, {models[1]:,.0f} words of models, {sum(words for _, words in people):,.0f} of people")
