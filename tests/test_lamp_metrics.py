"""LaMP's metrics beside other implementations of the same arithmetic: scikit-learn's, rouge-score's figures, and counting by brute force."""

import json
import math
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import lamp
from training.lamp import metrics
from training.lamp.layout import Outputs

LABELS = {"LaMP_1": metrics.CITATIONS, "LaMP_2": metrics.TAGS, "LaMP_2N": metrics.CATEGORIES}


def outputs(task: str, texts) -> Outputs:
    return Outputs(task, {str(n): text for n, text in enumerate(texts)})


@pytest.mark.parametrize("task", LABELS)
@given(seed=st.data())
def test_labels_are_scored_as_scikit_learn_does(task, seed):
    """The official evaluation gives it numbers: a label's place in the list, -1 for what is none; macro over the whole list."""
    learn = pytest.importorskip("sklearn.metrics")
    labels = LABELS[task]
    drawn = st.lists(st.tuples(st.sampled_from([*labels, "neither", ""]), st.sampled_from(labels)), min_size=1, max_size=30)
    given_, golds = zip(*seed.draw(drawn), strict=True)
    found = metrics.score(outputs(task, given_), outputs(task, golds))
    numbers = [[labels.index(text) if text in labels else -1 for text in texts] for texts in (golds, given_)]
    macro = learn.f1_score(*numbers, labels=range(len(labels)), average="macro", zero_division=0)
    assert found == {"accuracy": pytest.approx(learn.accuracy_score(*numbers)), "f1": pytest.approx(macro)}


@given(st.lists(st.tuples(st.sampled_from(["1", "2.5", "3", "4.0", "5", "9", "good", "", "4 stars"]), st.integers(1, 5)), min_size=1))
def test_ratings_are_scored_as_scikit_learn_does(pairs):
    """With what cannot be read at the end of the scale that is farther from the gold: from 3 it is 5."""
    learn = pytest.importorskip("sklearn.metrics")

    def read(text: str, gold: int) -> float:
        try:
            return float(text)
        except ValueError:
            return 1.0 if abs(1 - gold) > abs(5 - gold) else 5.0

    golds, values = [gold for _, gold in pairs], [read(text, gold) for text, gold in pairs]
    found = metrics.score(outputs("LaMP_3", [text for text, _ in pairs]), outputs("LaMP_3", map(str, golds)))
    squared = learn.mean_squared_error(golds, values)
    assert found == {"MAE": pytest.approx(learn.mean_absolute_error(golds, values)), "RMSE": pytest.approx(math.sqrt(squared))}


def words(text: str) -> list[str]:
    """Runs of a-z and 0-9, character by character."""
    kept = (character if character in "abcdefghijklmnopqrstuvwxyz0123456789" else " " for character in text.lower())
    return "".join(kept).split()


def by_brute_force(text: str, gold: str) -> tuple[float, float]:
    """Lin 2004: clipped counts of words, and the longest of all subsequences that both have; F of precision and recall."""
    a, b = words(text), words(gold)
    matched = sum(min(a.count(word), b.count(word)) for word in {*a})
    of_b = {chosen for n in range(len(b) + 1) for chosen in combinations(b, n)}
    longest = max(n for n in range(len(a) + 1) if any(chosen in of_b for chosen in combinations(a, n)))

    def f(hits: int) -> float:
        precision, recall = (hits / len(side) if side else 0.0 for side in (a, b))
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    return f(matched), f(longest)


WORDS = st.lists(st.sampled_from(["the", "cat", "Cat's", "3.5", "naïve", "...", "a_b", "mat,"]), max_size=6).map(" ".join)


@given(WORDS, WORDS)
def test_rouge_is_that_of_counting_all_subsequences(text, gold):
    assert metrics.rouge(text, gold) == pytest.approx(by_brute_force(text, gold))


@pytest.mark.parametrize(
    ("text", "gold", "one", "longest"),
    [  # F-measures of `rouge_score.rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=False)`, version 0.1.2
        ("Late loaves on Mill Lane", "The bakery on Mill Lane bakes late", 0.6666666666666666, 0.5),
        ("How to Paint a Bridge in 10 Days", "10 Ways To Paint The Bridge: A How-To", 0.7058823529411765, 0.35294117647058826),
        ("the cat the dog the cat", "the dog and the cat and the cow", 0.7142857142857143, 0.5714285714285715),
        ("We don't know why it's so", "Don't we know it? It's so!", 0.875, 0.75),
        ("Café prices rise 3.5% in Zürich", "cafe prices in Zurich rise by 3.5 %", 0.625, 0.5),
        ("a b c d e f", "f e d c b a", 1.0, 0.16666666666666666),
        ("snake_case and CamelCase", "snake case and camel case", 0.6666666666666665, 0.6666666666666665),
        ("one", "one two three four five six seven eight nine ten", 0.18181818181818182, 0.18181818181818182),
    ],
)
def test_rouge_is_what_the_official_package_says(text, gold, one, longest):
    assert metrics.rouge(text, gold) == (pytest.approx(one), pytest.approx(longest))


def test_the_files_of_a_fixture_are_scored_as_by_hand(tmp_path, capsys):
    """The whole way, from files; a label that nobody has drags the macro mean, a text's figure is the mean over questions."""
    pairs = {
        "LaMP_2": [("comedy", "comedy"), ("classic", "comedy"), ("no tag", "violence"), ("violence", "violence")],
        "LaMP_4": [("Late loaves", "late loaves on Mill Lane"), ("Snow", "Ice"), ("the cat sat", "sat the cat")],
    }
    shown = {}
    for task, rows in pairs.items():
        for n, name in enumerate(("predictions", "golds")):
            said = {"task": task, "golds": [{"id": str(i), "output": row[n]} for i, row in enumerate(rows)]}
            (tmp_path / name).write_text(json.dumps(said), "utf-8")
        lamp.main(["score", str(tmp_path / "predictions"), str(tmp_path / "golds")])
        shown[task] = dict(line.split() for line in capsys.readouterr().out.splitlines())
    golds = Counter(gold for _, gold in pairs["LaMP_2"])
    assert golds == {"comedy": 2, "violence": 2}
    # Of either tag one of two is found, and what is called it is it: F1 = 2 * 1 * 0.5 / 1.5; the other 13 tags have 0.
    assert shown["LaMP_2"] == {"accuracy": "0.5000", "f1": f"{2 * (2 / 3) / 15:.4f}"}
    # 2 of 2 and 2 of 5: 4/7; nothing; all 3, and 2 of them in order.
    assert shown["LaMP_4"] == {"rouge-1": f"{(4 / 7 + 0 + 1) / 3:.4f}", "rouge-L": f"{(4 / 7 + 0 + 2 / 3) / 3:.4f}"}
