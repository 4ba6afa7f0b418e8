"""LaMP's metrics, from their definitions, with the borders where the official evaluation draws them (read off its source):

    LaMP-1, LaMP-2     accuracy, and F1 as the plain mean over all labels of the task (macro)
    LaMP-3             MAE and RMSE
    LaMP-4, -5, -7     ROUGE-1 and ROUGE-L, F-measure, mean over the questions; LongLaMP's tasks and "pairs-title" too, which is not LaMP (see convert.py)

- Labels are compared whole, apart from white space at the ends; a prediction that is no label is wrong and adds to no label's false
  positives. A label that nobody gave or predicted counts with an F1 of 0.
- A rating is what `float` reads, in the scale or not. What it does not read counts as the end of the scale that is farther from the
  gold (5 where the gold is 3). The official evaluation fails on "nan" and "inf"; here they are unread as well.
- ROUGE (Lin 2004) is over lower-case runs of a-z and 0-9, without stemming, as the official evaluation calls the `rouge-score` package,
  which is a source package with a corpus library behind it, for what twenty lines do. That one gives the median of 1,000 resampled means, whose seed is not fixed; here it is the mean, which that median scatters around.
- "LaMP_2" in a file is movie tagging or the older news categorization; the golds tell which. A gold that is in neither list is refused,
  where the official evaluation would count it right against any other unknown label.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from training import statistics
from training.lamp.layout import Outputs, same_ids
from training.lamp.long import FORMS

_WORD = re.compile("[a-z0-9]+")
LOWEST, HIGHEST = 1.0, 5.0
"""The scale of LaMP-3."""

CITATIONS = ("[1]", "[2]")
TAGS = (
    "action",
    "based on a book",
    "classic",
    "comedy",
    "dark comedy",
    "dystopia",
    "fantasy",
    "psychology",
    "romance",
    "sci-fi",
    "social commentary",
    "thought-provoking",
    "true story",
    "twist ending",
    "violence",
)
CATEGORIES = (
    "business",
    "crime",
    "culture & arts",
    "education",
    "entertainment",
    "food & drink",
    "healthy living",
    "parents",
    "politics",
    "religion",
    "science & technology",
    "sports",
    "style & beauty",
    "travel",
    "women",
)

LABELS = {"LaMP-1": (CITATIONS,), "LaMP-2": (TAGS, CATEGORIES), "LaMP-2M": (TAGS,), "LaMP-2N": (CATEGORIES,)}
"""Task -> the lists one of which its golds are from. 2M and 2N are what later papers call the two tasks of the name LaMP-2."""

RATINGS = ("LaMP-3",)
TEXTS = ("LaMP-4", "LaMP-5", "LaMP-7", *(form.task for form in FORMS.values()), "pairs-title")


def plain_name(task: str) -> str:
    """ "LaMP-3" for "LaMP_3". Raises ValueError for a task that there are no metrics for."""
    name = task.replace("_", "-")
    if name not in (*LABELS, *RATINGS, *TEXTS):
        raise ValueError(f"no metrics for the task '{task}'; there are {', '.join((*LABELS, *RATINGS, *TEXTS))}")
    return name


def score(predictions: Outputs, golds: Outputs) -> dict[str, float]:
    """Metrics by their official names. Raises ValueError where the tasks or ids differ, or there is nothing to score."""
    name = plain_name(golds.task)
    if plain_name(predictions.task) != name:
        raise ValueError(f"predictions are of the task '{predictions.task}', golds of '{golds.task}'")
    same_ids(list(predictions.answers), list(golds.answers), ("the predictions", "the golds"))
    if not golds.answers:
        raise ValueError(f"no golds of '{golds.task}'")
    expected = [text.strip() for text in golds.answers.values()]
    given = [predictions.answers[key].strip() for key in golds.answers]
    if name in LABELS:
        return label_scores(given, expected, labels_of(name, expected))
    return rating_scores(given, expected) if name in RATINGS else text_scores(given, expected)


def labels_of(name: str, golds: Sequence[str]) -> tuple[str, ...]:
    """All labels of a task. Raises ValueError where no list of its labels has all golds."""
    for labels in LABELS[name]:
        if set(golds) <= set(labels):
            return labels
    known = max(LABELS[name], key=lambda labels: sum(gold in labels for gold in golds))
    raise ValueError(f"the gold '{next(gold for gold in golds if gold not in known)}' is no label of {name}")


def label_scores(given: Sequence[str], golds: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Accuracy and macro F1: 2 TP / (2 TP + FP + FN) of each label, 0 where that is 0 / 0, and their mean over `labels`."""
    pairs = list(zip(given, golds, strict=True))
    each = []
    for label in labels:
        hits = sum(a == b == label for a, b in pairs)
        named = sum((a == label) + (b == label) for a, b in pairs)
        each.append(2 * hits / named if named else 0.0)
    return {"accuracy": sum(a == b for a, b in pairs) / len(pairs), "f1": sum(each) / len(each)}


def rating_scores(given: Sequence[str], golds: Sequence[str]) -> dict[str, float]:
    """Mean absolute error, and the root of the mean squared error, in points of the scale. Raises ValueError where a gold is no number."""
    errors = [rating_error(a, b) for a, b in zip(given, golds, strict=True)]
    return {"MAE": sum(errors) / len(errors), "RMSE": math.sqrt(sum(error**2 for error in errors) / len(errors))}


def rating_error(given: str, gold: str) -> float:
    """How far a rating is off; one that cannot be read is at the farther end. Raises ValueError where the gold is no number."""
    target, value = number(gold), number(given)
    if target is None:
        raise ValueError(f"the gold '{gold}' is no rating")
    return max(target - LOWEST, HIGHEST - target) if value is None else abs(value - target)


def number(text: str) -> float | None:
    """The finite number that a text is; None where it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def text_scores(given: Sequence[str], golds: Sequence[str]) -> dict[str, float]:
    """Means of ROUGE-1 and ROUGE-L."""
    pairs = [rouge(a, b) for a, b in zip(given, golds, strict=True)]
    return {"rouge-1": sum(one for one, _ in pairs) / len(pairs), "rouge-L": sum(longest for _, longest in pairs) / len(pairs)}


def rouge(text: str, gold: str) -> tuple[float, float]:
    """F-measures of ROUGE-1 and ROUGE-L of a text; 0 where either text has no word of a-z and 0-9."""
    words = [" ".join(_WORD.findall(one.lower())) for one in (text, gold)]
    return statistics.rouge(words[0], words[1]) if all(words) else (0.0, 0.0)
