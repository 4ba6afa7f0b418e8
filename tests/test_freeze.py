"""freeze: each kind in its own case, what is left free, and time that stays linear on hostile input."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.steps.freeze import PATTERNS, freeze


def spans(text: str) -> list[str]:
    return [text[start:end] for start, end, _ in freeze(text)]


KINDS = [
    ("Run this:\n```sh\nit is not\n```\nDone.", "```sh\nit is not\n```"),
    ("~~~\nan open fence\nto the end", "~~~\nan open fence\nto the end"),
    ("Use `do not` here.", "`do not`"),
    ("Try ``a ` b`` here.", "``a ` b``"),
    ("So:\n\n    x = do_not(1)\n\nOk.", "    x = do_not(1)\n"),
    ("| a | b |\n|---|---|\n| it is | no |\n\nEnd.", "| a | b |\n|---|---|\n| it is | no |"),
    ("> It is quoted.\n\nIt is not.", "> It is quoted."),
    ("> It is quoted.\n> **Note:** it is.\n\nIt is not.", "> It is quoted.\n> **Note:** it is."),
    ("> **Ann Lee:** it is so.\n\nIt is not.", "> **Ann Lee:** it is so."),
    ("> **Note:** it is so.\n> It is.\n\nIt is not.", "> **Note:** it is so.\n> It is."),
    ("> Note: it is so.\n\nIt is not.", "> Note: it is so."),
    ("> **Note that** it is so.\n\nIt is not.", "> **Note that** it is so."),
    ("> **Note:** it is.\n\n> It is quoted.", "> It is quoted."),
    ('> **Note:** he said "it is so" here.', '"it is so"'),
    ('He said "it is not so" twice.', '"it is not so"'),
    ("He said “it is not so” twice.", "“it is not so”"),
    (f'He said "{"it is not so, and " * 100}no" twice.', f'"{"it is not so, and " * 100}no"'),
    (f"He said “{'it is not so, and ' * 100}no” twice.", f"“{'it is not so, and ' * 100}no”"),
    ('The 27" one was "not bad, it is fine" to me.', '"not bad, it is fine"'),
    ('He wrote: "It is not\ngood, and it is not cheap." I left.', '"It is not\ngood, and it is not cheap."'),
    ("He wrote: “It is not\ngood, and it is\nnot cheap.” I left.", "“It is not\ngood, and it is\nnot cheap.”"),
    ("He wrote «It is not gray.» here.", "«It is not gray.»"),
    ("He wrote »It is not gray.« here.", "»It is not gray.«"),
    ("He wrote „It is not gray.“ here.", "„It is not gray.“"),
    ("Where \\(x is not y\\) holds.", "\\(x is not y\\)"),
    ("Where $a_i$ holds.", "$a_i$"),
    ("See https://x.org/do-not?a=1 now.", "https://x.org/do-not?a=1"),
    ("See [this](https://x.org) now.", "](https://x.org)"),
    ("Mail a.b+c@mail.example.org now.", "a.b+c@mail.example.org"),
    ("Ask @some_one now.", "@some_one"),
    ("Dear [Your Name], hello.", "[Your Name]"),
    ("Fill {{user name}} in.", "{{user name}}"),
    ("Open /etc/ssh/config now.", "/etc/ssh/config"),
    ("Open C:\\Temp\\x now.", "C:\\Temp\\x"),
    ("Open settings.json now.", "settings.json"),
    ("Open *don't_touch.txt* now.", "don't_touch.txt"),
    ("On 3 March 2024 it rained.", "3 March 2024"),
    ("On March 3rd, 2024 it rained.", "March 3rd, 2024"),
    ("It took 12.5 kg of it.", "12.5 kg"),
    ("It cost $1,200 then.", "$1,200"),
    ("At 5 p.m. we left.", "5 p.m."),
    ("A <b>bold</b> one.", "<b>"),
    ("So:\n\n| it is | I do not |\n\nOk.", "| it is | I do not |"),
    ("So:\n<pre>\nit is not\n\nI do not\n</pre>\nOk.", "<pre>\nit is not\n\nI do not\n</pre>"),
    ('So <PRE class="x">it is < not</pre> ok.', '<PRE class="x">it is < not</pre>'),
    ("So <code>it is</code> ok.", "<code>it is</code>"),
    ("So <!-- it is\n\nnot --> ok.", "<!-- it is\n\nnot -->"),
    ("So <!-- it is <!-- not --> ok -->.", "<!-- it is <!-- not -->"),
    (f"So <!-- {'it is ' * 900}<!-- it is not --> ok.", "<!-- it is not -->"),
    ("<style>\np { color: gray }\n</style>\nOk.", "<style>\np { color: gray }\n</style>"),
    ("---\ntitle: It is not the color\ncolor: gray\n---\nOk.", "---\ntitle: It is not the color\ncolor: gray\n---"),
    ("So:\n$ git config color.ui auto\nOk.", "$ git config color.ui auto"),
    ("So:\n@@ -1,2 +1,2 @@ def f\n-color = it\n+colour = it\n is not\nOk.", "@@ -1,2 +1,2 @@ def f\n-color = it\n+colour = it\n is not"),
    ("So:\n+color = it\nOk.", "+color = it"),
    ("Call it with --color=gray. It is.", "--color=gray"),
    ("So:\ncenter = true\nOk.", "center = true"),
    ("Then color.lower() is it.", "color.lower()"),
    ("Then set self.color and Math.random here.", "self.color"),
    ("Then set self.color and Math.random here.", "Math.random"),
    ("Write \\color{gray} and so on.", "\\color{gray}"),
    ("Write \\textbf{It is not} so.", "\\textbf"),
    ("Use p {color: gray} here.", "{color: gray}"),
    ("Use text-align: center here.", "text-align: center"),
    ("So:\nit is\tcolor\tgray\nOk.", "it is\tcolor\tgray"),
    ("So:\n2024-01-02 10:11:12 it is not\nOk.", "2024-01-02 10:11:12 it is not"),
    (
        "So:\nGray, A. (2020). It is not the color. Color Research, 3, 1-9.\nOk.",
        "Gray, A. (2020). It is not the color. Color Research, 3, 1-9.",
    ),
    ("So:\n- O'Neil, A. B., & Li, C. (2020a). It is not.\nOk.", "O'Neil, A. B., & Li, C. (2020a). It is not."),
    ("So:\n12. **Li, C. (2020). It is not.** It is one of ours.\nOk.", "**Li, C. (2020). It is not"),
    ("So.[^1]\n\n[^1]: Gray, J. It is not so.\nOk.", "[^1]: Gray, J. It is not so."),
    ("See ~/colors and src/color/center.", "~/colors"),
    ("See ~/colors and src/color/center.", "src/color/center"),
]


@pytest.mark.parametrize(("text", "frozen"), KINDS)
def test_kinds(text, frozen):
    assert frozen in spans(text)


@pytest.mark.parametrize("text", [text for text, _ in KINDS if "\n" in text])
def test_the_same_is_frozen_where_lines_end_in_carriage_returns(text):
    assert [span.replace("\r\n", "\n") for span in spans(text.replace("\n", "\r\n"))] == spans(text)


@pytest.mark.parametrize(
    "text",
    [
        "Use <pre> here. It is so.",
        "a | b",
        "|",
        "||",
        "| It is so, I think.",
        'Some 6" and It is 8" wide',
        'He said "no\n\nIt is "so',
        '"No\n- It is "so',
        'He said "no"\nIt is "so"',
        "He said “no\n\nIt is ”so",
        'The 27" and the 32" It is',
        "1 « 2, It is 3 « 4",
        "Ann, B. (2020) says It is so.",
        "He, I (2020). It is so.",
        "It[^x] is so: It.",
    ],
)
def test_what_only_looks_like_a_table_or_a_block_stays_free(text):
    assert not any("a" in span or "It" in span for span in spans(text))


@pytest.mark.parametrize(
    "text",
    [
        "1. First do this.\n2. Then that.",
        "It is what it is.",
        "> **Note:** It is so. It is not.\n\n> __Warning__ It is so.",
        "  > 💡 **Pro Tip**: It is so.\n\n> **Heads-up:** It is.",
        "The dog's toys and the cats' too.",
        "a * b - c",
        "",
        "---\n\nIt is so.\n\n---\n\nIt is.",
        "-It is so.\n+ It is = it.",
        "It is what I like about this.It is what we like.",
        "He is, well, self.Not so.",
        "Text: it is so; align: it is not.",
        "he/she/they and public/private",
        f'He said "{"it is not so, and " * 300}no" twice.',
        "It cost $ and it is so.",
        "Note: it is = it is.",
        "it is\tso",
        "He did it --and it is so.",
        "It is e.g. (as we know) so.",
        "Test/retest and lib and so on",
        "Then x = it is not true",
        "It is <!-- not.",
        "It is <!--> not, and it is ->.",
        f"It is <!-- {'not ' * 1500}-->.",
    ],
)
def test_prose_stays_free(text):
    assert spans(text) == []


def test_spans_are_sorted_disjoint_and_not_empty():
    found = freeze('See "https://x.org/1" at 12:30, `3 kg` and "a `b" c`.\n\n> "x" 3\n')
    assert all(a.end <= b.start for a, b in pairwise(found)) and all(f.end > f.start for f in found)


@pytest.mark.parametrize(
    "piece",
    [
        "`",
        '"',
        "“",
        "'",
        "$",
        "|",
        "| a ",
        "<",
        "[",
        "{{",
        "\\(",
        "```\n",
        "> ",
        "1",
        "a.",
        "a@",
        "/a",
        "    x\n",
        "http://",
        "**",
        "\n",
        "<pre>",
        "<pre><code>",
        "| |",
        "a.a(",
        "\\ab{",
        "{ab:",
        "-a=",
        "+a\n",
        "---\na:\n",
        "a\t",
        "@@ ",
        "src/",
        "self.",
        "“it is so ",
    ],
)
def test_hostile_input_takes_no_quadratic_time(piece, within):
    with within(30):  # a linear pattern takes a second at most, a quadratic one minutes
        freeze(piece * (150_000 // len(piece)))


def test_comments_that_nothing_closes_are_not_read_again_and_again(within):
    with within(20):  # where each start reads on, minutes
        freeze("<!--" * 500_000)
        freeze("<!-- a --" * 200_000)


BITS = [
    *"`~|<>$@/\\.:[](){}'\"“”‘’-+*#\n\t ",
    *(
        "it",
        "A",
        "5",
        "```",
        "~~~",
        "    ",
        "http://",
        "www.",
        ".com",
        ".py",
        "](",
        "]:",
        "$$",
        "<pre>",
        "</pre>",
        "<!--",
        "-->",
        "May 5",
        "\\begin{a}",
    ),
]


@given(st.lists(st.sampled_from(BITS), max_size=40).map("".join))
def test_what_a_pattern_finds_has_what_it_is_looked_for_by(text):
    for kind, needs, pattern in PATTERNS:
        for match in pattern.finditer(text):
            assert not needs or not match[0] or any(part in match[0] for part in needs), (kind, match[0])
