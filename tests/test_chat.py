"""Foreign instruct models: the same content through the model's own template, and a rewrite out of whatever comes back."""

from contextlib import suppress

import pytest
from gguf_headers import TEMPLATE, changed
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.chat import TASK, Chat, messages, read
from rpo_edge.edits import apply
from rpo_edge.prompt import Around, manner
from rpo_edge.records import Evidence, Habit, HistoryItem, Observation, ReflectorInfo, StyleProfile
from rpo_edge.reflectors.base import Window
from rpo_edge.reflectors.generative import GenerativeReflector
from rpo_edge.runtimes.echo import EchoRuntime
from rpo_edge.runtimes.inspection import inspected
from rpo_edge.runtimes.template import frame

PROFILE = StyleProfile({"contraction:it's": Habit("contraction:it's", {"contracted": 9.0})})
ITEMS = (HistoryItem("It's me, don't you see?", id=4), HistoryItem("x " * 900, id=7))
DRAFT = "It is late, and we do not know.\n\nIt is not far."
REWRITE = "It's late, and we don't know.\n\nIt's not far."

# What is read


ANSWERS = {
    "as asked for": f"Notes: the user contracts.\nRewrite:\n{REWRITE}",
    "on the same line": f"Notes: the user contracts.\nRewrite: {REWRITE}",
    "bold": f"**Notes:** the user contracts.\n\n**Rewrite:**\n\n{REWRITE}",
    "heading": f"## Rewritten draft:\n{REWRITE}",
    "nothing around it": REWRITE,
    "spaces": f"\n\n  {REWRITE}\n ",
    "introduction": f"Here is the rewritten draft in your manner:\n\n{REWRITE}",
    "eager": f"Sure! I can do that for you.\n\n{REWRITE}",
    "eager, and introduction": f"Certainly! Here's the revised version:\n{REWRITE}",
    "fence": f"Rewrite:\n```\n{REWRITE}\n```",
    "fence with a word": f"Here is the rewrite:\n```markdown\n{REWRITE}\n```\nI hope this helps!",
    "tags": f"Notes: none\nRewrite:\n<draft>\n{REWRITE}\n</draft>",
    "quotes": f'Rewrite: "{REWRITE}"',
    "curly quotes": f"Here is the rewrite:\n“{REWRITE}”",
    "explanation": f"{REWRITE}\n\nNote: I changed the contractions.",
    "bold explanation": f"Rewrite:\n{REWRITE}\n\n**Changes made:**\n- contractions",
    "what was done": f"{REWRITE}\n\nI have changed the contractions so that they fit.",
    "offer": f"{REWRITE}\n\nLet me know if you want anything else.",
    "thought": f"<think>\nRewrite: what?\n</think>\n\nRewrite:\n{REWRITE}",
    "thinking": f"<thinking>Rewrite: {DRAFT}</thinking>\nRewrite:\n{REWRITE}",
    "reasoning in capitals": f"\n<Reasoning>{DRAFT}\n</reasoning> {REWRITE}",
    "two thoughts": f"<think>\n\n</think>\n\n<reasoning>\nNo </think> yet: {DRAFT}\n</reasoning>\n\n{REWRITE}",
    "several": f'Sure!\n\nNotes: contractions\nRewrite:\n```\n"{REWRITE}"\n```\n\nNote: done.',
}


@pytest.mark.parametrize("what", ANSWERS)
def test_the_rewrite_is_found(what):
    assert read(ANSWERS[what], DRAFT)[1] == REWRITE


def test_notes_become_observations():
    notes, _ = read(f"Notes:\n- contracts\n- **no greeting**\n\n* {'long ' * 99}\n- a fourth\nRewrite:\n{REWRITE}", DRAFT)
    assert [note.action for note in notes[:2]] == ["contracts", "no greeting"] and len(notes) == 3 and len(notes[2].action) == 200
    assert read(REWRITE, DRAFT)[0] == read(f"Notes: none\nRewrite:\n{REWRITE}", DRAFT)[0] == ()


def test_a_note_says_how_the_user_writes():
    said = [
        Observation("dash", "comma", "", "changed in 1 place"),
        Observation("contraction", "expanded 100%", "contracted 80%", "changed in 2 places"),
    ]
    assert CHAT.complete(said, "So.").startswith("Notes: contraction: contracted 80%, not expanded 100%\n")
    assert CHAT.complete(said[:1], "So.").startswith("Notes: none\n")


def test_blank_lines_are_looked_at_once():
    draft = "One thing." + "\n" * 20_000 + "Another thing."
    assert read(draft, draft)[1] == draft


OWN = [
    "Here is the text:\n\nIt is late, and we do not know.",
    "```\nIt is late\n```",
    '"It is late," she said. "We do not know."',
    "Note: it is late.\n\nNote: we do not know.",
    "The plan.\n\nRewrite: all of it, since we do not know.",
    "Sure! It is late.\n\nWe do not know.",
    "<draft>It is late</draft> and we do not know.",
    "It is late.\n\nLet me know whether it is far.",
    "`it is late`",
    "'Tis late, and we do not know the boys'",
    "We asked \"why\"",
    "We put all of that into <think> tags, and not into <thinking>.</think>",
    "<thinker> It is late.",
]  # fmt: skip


@pytest.mark.parametrize("draft", OWN)
def test_what_the_draft_has_itself_is_not_taken_away(draft):
    assert read(draft, draft)[1] == draft
    assert read(f"Notes: nothing\nRewrite:\n{draft}", draft)[1] == draft


@pytest.mark.parametrize(
    "answer", ["", "  \n", "Rewrite:", "Notes: contracts", "```\n```", '""', "I cannot help with that request, sorry.", "<think>It",
     f"<thinking>\nRewrite:\n{DRAFT}", f"<think>So.</think><reasoning>{DRAFT}</think>"],
)  # fmt: skip
def test_an_answer_without_a_rewrite_is_an_error(answer):
    with pytest.raises(ValueError):
        read(answer, DRAFT)


def test_an_answer_that_goes_on_with_something_else_is_an_error():
    with pytest.raises(ValueError, match="no rewrite of the draft"):
        read("My boat is fast, and late we sail. It is not far, we know.", "The meeting moved to Friday afternoon, and we do not know why.")
    with pytest.raises(ValueError, match="no rewrite of the draft"):
        read(
            f"{REWRITE} " + "Meanwhile another story begins, which nobody wanted told, about sailors somewhere abroad.",
            "It is late, we know, not far.",
        )


@given(st.text("Rewrit:\n`\"'<>/draft Note*", max_size=60))
def test_no_answer_breaks_it(answer):
    with suppress(ValueError):
        assert read(answer, "Write it: rate it")[1].strip()


# What is said


def test_messages_have_what_a_trajectory_has_the_best_item_next_to_the_draft():
    system, user = messages(DRAFT, PROFILE, ITEMS, "How far?")
    assert system == TASK and manner(PROFILE) in user and "How far?" in user and DRAFT in user
    assert user.index("x x") < user.index("It's me") < user.index("How far?") < user.index(DRAFT) and "x " * 201 not in user
    assert user.endswith(DRAFT) and "question" not in messages(DRAFT, PROFILE)[1] and "Texts" not in messages(DRAFT, PROFILE)[1]


def test_what_stands_around_is_a_line_a_side_before_the_draft_which_stays_alone_at_the_end():
    _, user = messages(DRAFT, PROFILE, ITEMS, "How far?", Around("The coast.\n\nIt is wide.", "We go on."))
    first, last = user.index("\nBefore the draft: … The coast. It is wide. …\n"), user.index("\nAfter the draft: … We go on. …\n\n")
    assert user.index("How far?") < first < last < user.index("Rewrite this draft") and user.endswith(f"keep what it says:\n\n{DRAFT}")
    for around, absent in ((Around("", "We go on."), "Before the draft"), (Around("The coast."), "After the draft"), (Around(), "around")):
        assert absent not in messages(DRAFT, PROFILE, ITEMS, "How far?", around)[1]


CONTROL = ("<|stop|>", "<|user|>", "<s>")
PARTS = st.lists(st.sampled_from([*CONTROL, "<\\|stop|>", "<|", "\\", "|>", "stop", "<", "s>", "a", "\n"]), max_size=9).map("".join)


@given(
    st.lists(st.sampled_from([*CONTROL, "\n\n", "\n", "\n\nT", "\n\nRewrite this draft", "\n\\\nText", "n\n"]), unique=True),
    PARTS,
    st.lists(PARTS, max_size=2),
    PARTS,
    PARTS,
    PARTS,
)
def test_all_prompts_of_a_user_have_one_front(control, draft, items, query, before, habit):
    chat = Chat(("<s>", "<|user|>", "<|stop|>"), tuple(control))
    profile = StyleProfile({"contraction:it's": Habit("contraction:it's", {habit: 9.0})})
    prompt = chat.fitted(draft, profile, [HistoryItem(item) for item in items], query, lambda prompt: True, Around(before))
    assert prompt.startswith(chat.front(profile))


def test_the_front_is_all_that_stands_before_the_history():
    profile = StyleProfile({"contraction:it's": Habit("contraction:it's", {"<|user|> hi": 9.0})})
    chat = Chat(("<s>", "<|user|>", "<|stop|>"), CONTROL)
    front = chat.front(profile)
    for history, follows in ((ITEMS, "Texts of mine"), ((), "Rewrite this draft")):
        assert chat.fitted(DRAFT, profile, history, None, lambda prompt: True).startswith(front + follows)
    assert "<\\|user|> hi" in front and front.count("<|user|>") == 1


@given(st.lists(st.sampled_from([*CONTROL, "<\\|stop|>", "<|", "\\", "|>", "stop", "<", "s>", "a"]), max_size=9).map("".join))
def test_no_text_can_write_a_control_token_and_every_text_comes_back(text):
    chat = Chat(("", "", ""), CONTROL)
    assert not any(token in chat.escape(text) for token in CONTROL) and chat.unescape(chat.escape(text)) == text


def test_a_prompt_ends_only_where_the_template_ends_it():
    chat = Chat(("<s>", "<|user|>", "<|stop|>"), CONTROL)
    prompt = chat.fitted("Stop <|stop|> now.", PROFILE, ITEMS, None, lambda prompt: True)
    assert prompt.count("<|stop|>") == 1 and prompt.endswith("<|stop|>") and "Stop <\\|stop|> now." in prompt


# Templates

TURNS = "{% for m in messages %}<b>{{ m['role'] }}\n{{ m['content'] | trim }}<e>\n{% endfor %}{% if add_generation_prompt %}<b>assistant\n{% endif %}"
NO_SYSTEM = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
    "{% for m in messages %}<b>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content }}<e>\n{% endfor %}{{ '<b>model\n' }}"
)
INSIDE = (  # the system message stands in the user's turn
    "{{ bos_token }}{% set system = '' %}{% if messages[0].role == 'system' %}{% set system = messages[0].content + '\n\n' %}"
    "{% set messages = messages[1:] %}{% endif %}{% for m in messages %}[INST] {{ system }}{{ m.content }} [/INST]{% endfor %}"
)
DATED = "{% set day = strftime_now('%d %b %Y') %}{{ day }}{% for m in messages %}{% if not m %}{% continue %}{% endif %}[{{ m.content }}]{% endfor %}"
THINKING = TURNS + "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
TOOLS = "{% if tools %}{{ tools | tojson }}{% endif %}" + TURNS


@pytest.mark.parametrize(
    ("template", "begins", "expected"),
    [
        (TURNS, False, ("<b>system\n", "<e>\n<b>user\n", "<e>\n<b>assistant\n")),
        (TURNS, True, ("<s><b>system\n", "<e>\n<b>user\n", "<e>\n<b>assistant\n")),
        (NO_SYSTEM, True, ("<s><b>user\n", "\n\n", "<e>\n<b>model\n")),
        (INSIDE, True, ("<s>[INST] ", "\n\n", " [/INST]")),
        (DATED, False, ("01 Jan 2025[", "][", "]")),
        (THINKING, False, ("<b>system\n", "<e>\n<b>user\n", "<e>\n<b>assistant\n<think></think>")),
        (TOOLS, False, ("<b>system\n", "<e>\n<b>user\n", "<e>\n<b>assistant\n")),
    ],
)
def test_a_template_gives_a_frame(template, begins, expected):
    pytest.importorskip("jinja2")
    assert frame(template, "<s>", "</s>", begins) == expected


@pytest.mark.parametrize("template", [TURNS, INSIDE, THINKING, TOOLS, TEMPLATE])
def test_a_frame_renders_what_llama_cpp_python_does(template):
    formats = pytest.importorskip("llama_cpp.llama_chat_format")
    expected = formats.Jinja2ChatFormatter(template, eos_token="</s>", bos_token="<s>")
    said = messages(DRAFT, PROFILE, ITEMS, "How far?")
    roles = [{"role": role, "content": content} for role, content in zip(("system", "user"), said, strict=True)]
    found = Chat(frame(template, "<s>", "</s>", False)).prompt(*said)
    assert found == expected(messages=roles, enable_thinking=False).prompt


@pytest.mark.parametrize(
    "template",
    [
        "no messages",
        "{% for m in messages %}{{ m.content | upper }}{% endfor %}",
        "{% for m in messages %}{{ m.content * 2 }}{% endfor %}",
        "{% broken",
        "{{ 1 / 0 }}",
        "{{ raise_exception('never') }}",
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{{ 'x' * 99999 }}" + TURNS,
    ],
)
def test_a_template_that_cannot_be_used_gives_none(template):
    pytest.importorskip("jinja2")
    assert frame(template, "<s>", "</s>", False) is None


def test_a_file_gives_the_frame_of_its_template(tmp_path):
    pytest.importorskip("jinja2")
    path = tmp_path / "tiny.gguf"
    path.write_bytes(bytes(changed(tokenizer__ggml__add_bos_token=True)))
    found = inspected(path)
    assert found.frame == ("<s><|system|>", "<|stop|><|user|>", "<|stop|><|assistant|>") and found.template
    assert found.control == ("<s>", "<|stop|>", "<|user|>") and found.context == 128 and TEMPLATE.count("stop") == 1


# The whole reflector

CHAT = Chat(("<s>", "<|user|>", "<|stop|>"), CONTROL)


def reflected(answer, draft=DRAFT, room=100_000, most=None, **around):
    asked = []

    def said(prompt):
        asked.append(prompt)
        return answer(prompt) if callable(answer) else answer

    runtime = EchoRuntime(said)
    runtime.room = room
    found = GenerativeReflector(runtime, ReflectorInfo("tiny"), CHAT, most).reflect(
        Window(f"\n{draft}\n", 0, **around), Evidence(ITEMS), PROFILE
    )
    return apply(f"\n{draft}\n", found.edits), found.observations, asked


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_becomes_edits_of_the_window(what):
    text, observations, asked = reflected(ANSWERS[what])
    assert text == f"\n{REWRITE}\n" and len(asked) == 1 and not any("none: " in found.action for found in observations)


def test_an_answer_that_is_none_or_runs_on_leaves_the_window():
    for answer, reason in (("I cannot.", "no rewrite"), (REWRITE * 99, "end")):
        text, observations, _ = reflected(answer)
        assert text == f"\n{DRAFT}\n" and reason in observations[0].action


def test_items_that_do_not_fit_are_left_out_the_worst_first():
    answer = 160 + len(DRAFT) * 3 // 2
    sizes = [len(CHAT.prompt(*messages(DRAFT, PROFILE, ITEMS[:n]))) for n in range(3)]
    prompts = [reflected(REWRITE, room=size + answer)[2][0] for size in sizes]
    assert [("It's me" in prompt, "x x" in prompt) for prompt in prompts] == [(False, False), (True, False), (True, True)]
    sentence = DRAFT.partition("\n")[0]
    least = len(CHAT.prompt(*messages(sentence, PROFILE))) + 160 + len(sentence) * 3 // 2
    assert "too long" in reflected(REWRITE, sentence, least - 1)[1][0].action and reflected(REWRITE, sentence, least)[2]


@pytest.mark.parametrize("most", [0, 1])
def test_no_more_items_are_shown_than_a_model_was_trained_to_read(most):
    _, _, (asked,) = reflected(REWRITE, most=most)
    assert [item.text in asked for item in ITEMS] == [i < most for i in range(len(ITEMS))]


def test_what_stands_around_goes_after_the_items():
    answer = 160 + len(DRAFT) * 3 // 2
    around = {"before": "The coast is wide.", "after": "We go on."}
    sizes = [len(CHAT.prompt(*messages(DRAFT, PROFILE, (), None, shown))) for shown in (Around(), Around(**around))]
    prompts = [reflected(REWRITE, room=size + answer, **around)[2][0] for size in sizes]
    assert [("It's me" in prompt, "The coast" in prompt) for prompt in prompts] == [(False, False), (False, True)]


def test_a_model_that_goes_on_into_what_stands_around_is_asked_again_without():
    after = "Then we go on to the other side of the lake."
    text, _, asked = reflected(lambda prompt: f"Rewrite:\n{REWRITE}\n\n{after}" if after in prompt else f"Rewrite:\n{REWRITE}", after=after)
    assert text == f"\n{REWRITE}\n" and [after in prompt for prompt in asked] == [True, False]


def test_a_control_token_of_the_draft_comes_back():
    text, _, asked = reflected("Rewrite: It's <\\|stop|> late, and we don't know.", "It is <|stop|> late, and we do not know.")
    assert text == "\nIt's <|stop|> late, and we don't know.\n" and asked[0].count("<|stop|>") == 1
