"""Pretraining of a small base model of the Llama family, for the generative reflector to start from.

    python -m training corpus CORPUS
    python -m training pretrain CORPUS OUT [--size 30m] [--tokens 1e9] [--minutes 9]

OUT becomes a Hugging Face checkpoint folder (bf16, parts of 15 MB at most) with the tokenizer, `pretraining.json` (configuration,
curve, loss by source, speed) and `README.md`, the model's card; `training/curves.py` shows the run while it goes. Interrupted, or after
`--minutes`, the same command goes on from OUT/state.pt with the same batches, and so to the same loss curve. Until the rate begins to
fall it may go on with another `--tokens`: how long a run is can be decided while it runs.

Method: next-token cross-entropy on packed sequences; a token attends only to its own document. The layers' matrices are trained by
Muon (momentum 0.95, its updates scaled to the size of AdamW's, arXiv 2502.16982), which gets farther with the tokens of a short run, the
rest by AdamW (arXiv 1711.05101) with beta 0.9 and 0.95; weight decay 0.1 on matrices, gradients clipped at 1; the rate rises over the
first steps, stays, and falls to 0 over the last 20% (warmup-stable-decay, arXiv 2404.06395). On a GPU bf16 autocast over float32 weights; on a CPU float32. torch.compile
on a GPU and, where there is a C++ compiler, for longer runs on a CPU.

Shapes: every width is divisible by 256, so that 4-bit K-quants are 4-bit throughout; input and output embeddings are one; deep
and thin, as suits models this small (arXiv 2402.14905). A step's batch depends on its number alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from rpo_edge.prompt import BEGIN, END, PAD, SPECIAL_TOKENS
from training import corpus, curves, recipe
from training.pretraining_card import card
from training.state import keep

PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
"""bf16 FLOP/s without sparsity, by the makers' data sheets; for MFU."""
_BEGIN = SPECIAL_TOKENS.index(BEGIN)


@dataclass(frozen=True)
class Size:
    """The shape of a model, and how it is trained. context: tokens of a sequence; batch: sequences of a step; micro: of those, at once;
    warmup: steps."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    context: int
    batch: int
    micro: int
    rate: float
    warmup: int


SIZES = {
    "30m": Size(512, 1024, 9, 8, 4, context=2048, batch=256, micro=64, rate=2e-3, warmup=40),
    "10m": Size(256, 768, 9, 4, 4, context=512, batch=16, micro=4, rate=4e-3, warmup=40),
    "1m": Size(256, 256, 1, 4, 4, context=2048, batch=8, micro=8, rate=4e-3, warmup=2),
}


@dataclass(frozen=True)
class Config:
    """What the loss curve depends on, with the corpus."""

    size: Size
    steps: int
    decay: float = 0.1
    falling: float = 0.2
    seed: int = 5

    @property
    def stable(self) -> int:
        """Steps before the rate begins to fall."""
        return math.floor(self.steps * (1 - self.falling))

    def continues(self, other: Config, step: int) -> bool:
        """Whether a run of `other` has gone the same way up to `step`."""
        return self == other or (replace(self, steps=other.steps) == other and step <= min(self.stable, other.stable))


@dataclass
class Run:
    """Where a run stands. curve: (step, loss, tokens a second); validation: (step, {source: loss}); recent: losses since the last row."""

    step: int = 0
    recent: list[float] = field(default_factory=list)
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    validation: list[tuple[int, dict[str, float]]] = field(default_factory=list)


def network(size: Size, vocabulary: int, seed: int, attention: str = "sdpa") -> LlamaForCausalLM:
    """A fresh model. attention: by its name in `transformers`."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=size.hidden,
        intermediate_size=size.intermediate,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.kv_heads,
        max_position_embeddings=size.context,
        tie_word_embeddings=True,
        bos_token_id=_BEGIN,
        eos_token_id=SPECIAL_TOKENS.index(END),
        pad_token_id=SPECIAL_TOKENS.index(PAD),
        initializer_range=0.02,
        attn_implementation=attention,
    )
    return LlamaForCausalLM(config)


class Shards:
    """Training sequences: of all shards that are there, cut into rows of `context` + 1 tokens, in a new order each epoch."""

    def __init__(self, folder: Path, context: int, seed: int) -> None:
        paths = sorted(folder.glob("train-*.bin"))
        if not paths:
            raise FileNotFoundError(f"no train-*.bin in {folder}")
        tokens = np.concatenate([np.fromfile(path, dtype="<u2") for path in paths])
        self.digest = hashlib.sha256(tokens.tobytes()).hexdigest()
        self._rows = tokens[: len(tokens) // (context + 1) * (context + 1)].reshape(-1, context + 1)
        self._seed = seed
        self._order: tuple[int, Any] = (-1, None)

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, step: int, size: int) -> torch.Tensor:
        """(size, context + 1) int64: the rows of a step."""
        return torch.from_numpy(self._rows[[self._row(step * size + i) for i in range(size)]].astype(np.int64))

    def _row(self, n: int) -> int:
        epoch, place = divmod(n, len(self._rows))
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng((self._seed, epoch)).permutation(len(self._rows))
        return int(self._order[1][place])


def positions(tokens: torch.Tensor) -> torch.Tensor:
    """(rows, length) places within their documents, from 0 where a document begins; attention is kept apart by them."""
    places = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    starts = torch.where(tokens == _BEGIN, places, torch.zeros_like(places)).cummax(dim=1).values
    return places - starts


Loss = Callable[[Any, torch.Tensor], torch.Tensor]


def loss_of(model: Any, rows: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy (nats a token) of the next tokens; what comes after a document's end is not asked for."""
    inputs, targets = rows[:, :-1], rows[:, 1:]
    logits = model(input_ids=inputs, position_ids=positions(inputs), use_cache=False).logits
    targets = targets.masked_fill(targets == _BEGIN, -100)
    return functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=-100)


def rate(step: int, config: Config) -> float:
    """Warmup, stable, decay: the learning rate of a step (from 0)."""
    rising = (step + 1) / config.size.warmup
    falling = (config.steps - step) / max(1, config.steps - config.stable)
    return config.size.rate * min(1.0, rising, falling)


def optimizers(model: torch.nn.Module, config: Config) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices; AdamW for the embedding, and for the norms, which do not decay."""
    groups: dict[str, list[torch.nn.Parameter]] = {"matrices": [], "embedding": [], "norms": []}
    for name, parameter in model.named_parameters():
        groups["norms" if parameter.dim() < 2 else "embedding" if "embed" in name else "matrices"].append(parameter)
    rest = [{"params": groups["embedding"], "weight_decay": config.decay}, {"params": groups["norms"], "weight_decay": 0.0}]
    return [
        torch.optim.Muon(groups["matrices"], lr=config.size.rate, weight_decay=config.decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=config.size.rate, betas=(0.9, 0.95), fused=next(model.parameters()).is_cuda),
    ]


def step_of(model: Any, optimizing: list[torch.optim.Optimizer], rows: torch.Tensor, config: Config, number: int, loss: Loss) -> float:
    """One optimizer step over the micro-batches of `rows`; the mean of `loss`."""
    device = next(model.parameters()).device
    for group in (group for optimizer in optimizing for group in optimizer.param_groups):
        group["lr"] = rate(number, config)
    parts = rows.split(config.size.micro)
    total = torch.zeros((), device=device)
    for part in parts:
        with _precision(device):
            share = loss(model, part.to(device, non_blocking=True)) / len(parts)
        share.backward()
        total += share.detach()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizing:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(total)


def _precision(device: torch.device) -> Any:
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()


@torch.no_grad()
def validate(model: Any, folder: Path, config: Config, rows: int = 32) -> dict[str, float]:
    """Mean loss of each source's held-out documents, over at most so many rows."""
    device = next(model.parameters()).device
    losses = {}
    for path in sorted(folder.glob("validation-*.bin")):
        tokens = np.fromfile(path, dtype="<u2").astype(np.int64)
        length = min(config.size.context + 1, len(tokens))
        packed = torch.from_numpy(tokens[: len(tokens) // length * length].reshape(-1, length)[:rows])
        with _precision(device):
            found = [loss_of(model, part.to(device)).item() * len(part) for part in packed.split(config.size.micro)]
        losses[path.stem.removeprefix("validation-")] = round(sum(found) / len(packed), 4)
    return losses


def train(model: Any, folder: Path, config: Config, out: Path, minutes: float, every: int) -> Run:
    """Steps until the end, or until the time is over; the state is kept every `every` steps and found again."""
    begun = time.monotonic()
    shards, optimizing, run = Shards(folder, config.size.context, config.seed), optimizers(model, config), Run()
    state = out / "state.pt"
    if state.exists():
        kept = torch.load(state, weights_only=True, map_location=next(model.parameters()).device)
        before = json.loads(kept["config"])
        if "optimizers" not in kept or not config.continues(Config(Size(**before.pop("size")), **before), kept["step"]):
            raise ValueError(f"{state} is of another run, or one whose rate has begun to fall; take another folder or the same options")
        if kept.get("shards", shards.digest) != shards.digest:  # older states do not say it
            raise ValueError(f"{state} is of a run on other shards than are in {folder}; take another folder or the same corpus")
        model.load_state_dict(kept["model"])
        for optimizer, values in zip(optimizing, kept["optimizers"], strict=True):
            optimizer.load_state_dict(values)
        run = Run(
            kept["step"], kept["recent"], [tuple(row) for row in kept["curve"]], [(n, dict(losses)) for n, losses in kept["validation"]]
        )
    loss = torch.compile(loss_of) if _compiles(config, next(model.parameters()).device) else loss_of
    model.train()
    last, since = time.monotonic(), run.step
    with curves.Log(out, run.step or None) as log:
        while run.step < config.steps:
            run.recent.append(step_of(model, optimizing, shards.batch(run.step, config.size.batch), config, run.step, loss))
            run.step += 1
            done, over = run.step == config.steps, time.monotonic() - begun > 60 * minutes
            if run.step % every == 0 or done:
                speed = (run.step - since) * config.size.batch * config.size.context / (time.monotonic() - last)
                run.curve.append((run.step, round(float(np.mean(run.recent)), 4), round(speed)))
                run.recent = []
                log.add(run.step, {"loss": run.curve[-1][1], "tokens/s": run.curve[-1][2]})
                if run.step % (every * 10) == 0 or done:
                    run.validation.append((run.step, validate(model, folder, config)))
                    log.add(run.step, {f"validation/{source}": value for source, value in run.validation[-1][1].items()})
                    log.draw()
                print(f"step {run.step:6d} of {config.steps}  loss {run.curve[-1][1]:.4f}  {speed:,.0f} tokens/s", flush=True)
            if run.step % every == 0 or done or over:
                _keep(model, optimizing, config, run, state, shards.digest)
                last, since = time.monotonic(), run.step
            if over:
                break
    return run


def _compiles(config: Config, device: torch.device) -> bool:
    """A run on a CPU has to be long enough to earn the minute back. It does not depend on where a run goes on, so that numerics stay."""
    return device.type == "cuda" or (config.steps >= 500 and shutil.which("c++") is not None)


def _keep(model: Any, optimizing: list[torch.optim.Optimizer], config: Config, run: Run, state: Path, shards: str) -> None:
    values = {"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizing], "config": json.dumps(asdict(config))}
    keep(values | {"shards": shards} | {"step": run.step, "recent": run.recent, "curve": run.curve, "validation": run.validation}, state)


def flops(model: Any, context: int) -> float:
    """Of training on one token: 6 a parameter (the embedding counts once, as the output), and attention's share."""
    config = model.config
    return 6 * sum(p.numel() for p in model.parameters()) + 6 * config.num_hidden_layers * config.hidden_size * context


def samples(model: Any, tokenizer: PreTrainedTokenizerFast, starts: list[str], length: int = 60) -> Iterator[str]:
    """How the model goes on, greedily with a penalty on repetition."""
    for start in starts:
        ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(start, add_special_tokens=False).input_ids]], device=model.device)
        found = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=length,
            do_sample=False,
            repetition_penalty=1.2,
            pad_token_id=tokenizer.pad_token_id,
        )
        yield tokenizer.decode(found[0], skip_special_tokens=True)


def finish(model: Any, folder: Path, facts: dict[str, Any], config: Config, run: Run, out: Path) -> None:
    """The checkpoint folder: weights, tokenizer, figures, card. facts: what `corpus.json` says."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, model_max_length=config.size.context)
    name = torch.cuda.get_device_name(0) if next(model.parameters()).is_cuda else "CPU"
    speed = float(np.median([row[2] for row in run.curve]))
    peak = next((value for key, value in PEAK.items() if key in name), None)
    figures: dict[str, Any] = {
        "config": asdict(config),
        "parameters": sum(p.numel() for p in model.parameters()),
        "tokens": run.step * config.size.batch * config.size.context,
        "device": name,
        "tokens_per_second": speed,
        "mfu": round(speed * flops(model, config.size.context) / peak, 4) if peak else None,
        "curve": run.curve,
        "validation": run.validation,
        "sources": facts["sources"],
    }
    model.eval()
    texts = list(samples(model, tokenizer, ["The main reason is", "I think", "In this paper, we"]))
    model.to(torch.bfloat16).save_pretrained(out, max_shard_size="15MB")
    tokenizer.save_pretrained(out)
    (out / "pretraining.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    (out / "README.md").write_text(card(figures, texts), "utf-8")


def main(argv: list[str]) -> None:
    """Build, train, save."""
    parser = recipe.parser("pretrain", __doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="30m")
    parser.add_argument("--tokens", type=float, default=1e9, help="to train on, in several epochs where the corpus has fewer")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after these, to go on another time")
    parser.add_argument("--context", type=int, help="tokens of a sequence, where other than the size's own")
    parser.add_argument("--every", type=int, default=50, help="steps from one row of the curve, and one kept state, to the next")
    parser.add_argument("--attention", choices=("sdpa", "flex_attention"), default="sdpa", help="flex_attention leaves out other documents")
    options = parser.parse_args(argv)
    facts = corpus.verify(options.corpus)
    size = SIZES[options.size]
    size = replace(size, context=options.context or size.context)
    config = Config(size, max(1, round(options.tokens / (size.batch * size.context))))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    model = network(size, facts["vocabulary"], config.seed, options.attention).to(device)
    print(f"{sum(p.numel() for p in model.parameters()):,d} parameters, {config.steps} steps on {device}", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    run = train(model, options.corpus, config, options.out, options.minutes, options.every)
    if run.step == config.steps:
        finish(model, options.corpus, facts, config, run, options.out)
    else:
        print(f"stopped at step {run.step}; the same command goes on")
