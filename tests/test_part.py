"""A part of a history is read as if its texts were all there is."""

import json

import pytest

from rpo_edge import History, HistoryItem, Personalizer
from rpo_edge.errors import InputError
from rpo_edge.store.search import _SMALL

MAILS = [f"Dear Ms Ito,\n\nI do not know whether pump {n} is fixed; it is not in the report.\n\nKind regards,\nAda" for n in range(12)]
CHATS = [f"don't know if pump {n}'s ok, it's not here" for n in range(12)]
DRAFT = "It is not clear whether the pump is broken, and I do not know who has the key. It is likely that they do not have it."
OTHERS = [HistoryItem(text, "slack", f"2024-03-{n + 1:02d}", kind="chat") for n, text in enumerate(CHATS)]
OWN = [HistoryItem(text, "sent", f"2024-02-{n + 1:02d}", kind="email") for n, text in enumerate(MAILS)]


class Letters:
    """Counts the letter e."""

    digest = "letters"

    def count(self, text):
        return {"": float(len(text.split())), "e": float(text.count("e"))}


@pytest.fixture
def both(tmp_path):
    """A store of mails and chats, and one of the mails alone."""
    with History.open(tmp_path / "both.db") as store, History.open(tmp_path / "mails.db") as mails:
        store.extend([item for pair in zip(OTHERS, OWN, strict=True) for item in pair])
        mails.extend(OWN)
        yield store, mails


def shown(history, of):
    """A profile's counts, and the texts that its evidence names, of a history or a part."""
    profile = of.profile(Letters())
    evidence = {
        (name, variant): [history.get(i).text for i in ids]
        for name, habit in profile.habits.items()
        for variant, ids in habit.evidence.items()
    }
    return profile.items, profile.words, {name: habit.counts for name, habit in profile.habits.items()}, evidence


@pytest.mark.parametrize("name", ["email", "sent"])
def test_it_is_as_a_store_of_its_texts_alone(both, name):
    store, mails = both
    part = store.part(name)
    assert len(part) == len(mails) == 12 and shown(store, part) == shown(mails, mails)
    for k in (0, 3, 100):
        assert [item.text for item in part.search("pump 3 report", k)] == [item.text for item in mails.search("pump 3 report", k)]
        assert [item.text for item in part.recent(k)] == [item.text for item in mails.recent(k)]
    assert store.part("chat").recent(1)[0].text == CHATS[-1] and len(store.part("slack")) == 12


def change(both, how):
    store, mails = both
    more = [HistoryItem(f"I cannot say more of well {n}; it is dry.", "sent", kind="email") for n in range(30)]
    if how == "added":
        store.extend(more[:1]), mails.extend(more[:1])
    elif how == "added, not measured":
        store.extend([*more, HistoryItem("it's raining")], measure=False), mails.extend(more)
    elif how == "by another process":
        with History.open(store.path) as other:
            other.extend(more)
        mails.extend(more)
    elif how == "forgotten":
        store.forget([item.id for item in store.part("sent").search("pump 3")[:1]])
        mails.forget([item.id for item in mails.search("pump 3")[:1]])
    elif how == "stated":
        store.set_preference("contractions", "always"), mails.set_preference("contractions", "always")
    elif how == "read only":
        store.extend(more, measure=False), mails.extend(more)
        store._connection.execute("pragma query_only = on")


@pytest.mark.parametrize("how", ["added", "added, not measured", "by another process", "forgotten", "stated", "read only"])
def test_it_follows_its_history(both, how):
    store, mails = both
    part = store.part("sent")
    before = shown(store, part)
    change(both, how)
    assert shown(store, part) == shown(mails, mails) and part.preferences() == mails.preferences() and len(part) == len(mails)
    assert how == "stated" or shown(store, part) != before


def test_a_text_of_that_source_and_kind_counts_once(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        store.extend(
            [
                HistoryItem("I don't know.", "email", kind="email"),
                HistoryItem("It's so.", "email"),
                HistoryItem("Isn't it?", "x", kind="email"),
            ]
        )
        part = store.part("email")
        assert len(part) == 3 and part.profile().habits["contraction:don't"].counts == {"contracted": 1.0}


def test_a_large_store_is_searched_by_rare_words_within_a_part(tmp_path):
    with History.open(tmp_path / "h.db") as store:
        many = [HistoryItem(f"the pump {n} of the other house", "slack") for n in range(_SMALL + 10)]
        store.extend([*many, HistoryItem("the pump", "sent"), HistoryItem("the lighthouse", "sent")], measure=False)
        assert [item.text for item in store.part("sent").search("the lighthouse pump", 5)] == ["the lighthouse"]
        assert [item.text for item in store.part("sent").search("the", 5)] == ["the lighthouse", "the pump"]


def test_what_is_private_is_private_in_every_part(both):
    store, _ = both
    assert store.part("chat").contains_phrase(["is", "not", "in", "the", "report"])


def test_a_part_without_texts_is_refused_and_says_what_there_is(both, tmp_path):
    store, _ = both
    with pytest.raises(InputError, match=r"kind 'mails'; it has sent \(12\), slack \(12\), chat \(12\), email \(12\)"):
        store.part("mails")
    with History.open(tmp_path / "empty.db") as empty, pytest.raises(InputError, match="it has no texts"):
        empty.part("email")


@pytest.mark.parametrize("reflector", ["rules", "edit"])
def test_each_part_has_a_manner(both, reflector):
    store, mails = both
    as_in_chats, as_in_mails = (Personalizer(store.part(name), reflector).rewrite(DRAFT).text for name in ("chat", "email"))
    assert as_in_mails == Personalizer(mails, reflector).rewrite(DRAFT).text
    assert "don't" in as_in_chats and "don't" not in as_in_mails


def test_the_command_line_takes_a_part(run, both, tmp_path):
    store, mails = both
    at = store.path
    code, text, _ = run("rewrite", "--like", "email", "--reflector", "rules", stdin=DRAFT.encode(), at=at)
    assert code == 0 and text.decode() == Personalizer(mails).rewrite(DRAFT).text
    assert run("rewrite", "--like", "chat", "--reflector", "rules", stdin=DRAFT.encode(), at=at)[1] != text
    assert json.loads(run("profile", "show", "--like", "chat", "--format", "json", at=at)[1])["items"] == 12
    assert run("history", "stats", at=at)[1].splitlines()[-1] == b"by kind: chat 12, email 12"
    code, _, said = run("rewrite", "--like", "letters", stdin=DRAFT.encode(), at=at)
    assert code == 2 and said.startswith(b"rpo-edge: the history has no texts of a source or kind 'letters'")
    assert run("profile", "show", str(tmp_path / "p.html"), "--format", "html", "--like", "chat", at=at)[0] == 2


def test_the_proxy_and_the_mcp_server_refuse_a_part_without_texts(run, both):
    pytest.importorskip("starlette")
    code, _, said = run("serve", "--upstream", "https://localhost/v1", "--port", "0", "--like", "letters", at=both[0].path)
    assert code == 2 and b"no texts of a source or kind 'letters'" in said
