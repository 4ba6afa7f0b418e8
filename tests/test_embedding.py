"""docs/embedding.md: each of its examples runs as it stands, against an API on this machine that sees nothing of the history."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

for package in ("starlette", "uvicorn", "openai", "langchain_core", "llm", "fastapi"):
    pytest.importorskip(package)

from serve_samples import ANSWER, clouded  # noqa: E402

from rpo_edge import History, HistoryItem, Personalizer  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = re.split(r"^## ", (ROOT / "docs/embedding.md").read_text("utf-8"), flags=re.MULTILINE)
BLOCKS = {
    part.partition("\n")[0].replace("`", ""): found[1] for part in SECTIONS if (found := re.search(r"```python\n(.*?)```", part, re.DOTALL))
}
CHAT = """
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

model = GenericFakeChatModel(messages=iter([AIMessage({answer!r})]))
"""
REQUEST = """
from fastapi.testclient import TestClient

with TestClient(app).stream("POST", "/answer", params={{"question": "Will it survive?"}}) as response:
    print("".join(response.iter_text()), end="")
"""
AROUND = {
    "A script": ("", ""),
    "The openai client": ("", ""),
    "LangChain": (CHAT, ""),
    "FastAPI": ("ask = lambda question: [{answer!r}[:40], {answer!r}[40:]]\n", REQUEST),
}


@pytest.fixture
def folder(store, tmp_path):
    shutil.copyfile(store, tmp_path / "history.db")
    return tmp_path


@pytest.fixture
def cloud():
    with clouded() as found:
        yield found


@pytest.fixture
def expected(store):
    with History.open(store) as history:
        texts = {windows: Personalizer(history).rewrite(ANSWER, windows=windows).text for windows in ("paragraphs", "sentences")}
    assert ANSWER not in texts.values()
    return texts


def ran(command, folder, cloud, stdin=""):
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment |= {
        "OPENAI_BASE_URL": f"{cloud.url}/v1",
        "OPENAI_API_KEY": "sk-nobodys",
        "LLM_USER_PATH": str(folder / "llm"),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=100,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def leaked(cloud):
    """Runs of six words of the history that arrived there."""
    texts = [json.loads(line)["text"] for line in (ROOT / "examples/history/posts.jsonl").read_text("utf-8").splitlines()]
    words = " ".join(texts).split()
    return [run for i in range(0, len(words) - 6, 6) if (run := " ".join(words[i : i + 6]).encode()) in cloud.seen]


def test_every_example_in_python_is_tried():
    assert set(BLOCKS) == set(AROUND)


@pytest.mark.parametrize("name", AROUND)
def test_an_example_rewrites(name, folder, cloud, expected):
    before, after = (part.format(answer=ANSWER) for part in AROUND[name])
    (folder / "example.py").write_text(before + BLOCKS[name] + after, "utf-8")
    done = ran(["example.py"], folder, cloud, stdin=ANSWER)
    assert done.stdout.rstrip("\n") == expected["paragraphs" if name == "A script" else "sentences"]
    assert ("history" in done.stderr or "->" in done.stderr) == (name == "A script")
    assert bool(cloud.requests) == (name == "The openai client")
    assert not leaked(cloud)


def test_llm_asks_another_model_and_rewrites(folder, cloud, expected):
    (folder / "llm").mkdir()
    (folder / "llm/extra-openai-models.yaml").write_text(f'- model_id: cloud\n  model_name: m\n  api_base: "{cloud.url}/v1"\n', "utf-8")
    asked = ["-m", "llm", "-m", "rpo-edge", "-o", "store", "history.db", "-o", "model", "cloud", "--no-log", "Will it survive?"]
    assert ran(asked, folder, cloud).stdout.rstrip("\n") == expected["sentences"]
    assert ran([*asked, "--no-stream"], folder, cloud).stdout.rstrip("\n") == expected["sentences"]
    assert len(cloud.requests) == 2 and not leaked(cloud)


def test_llm_goes_by_a_part_of_the_history(folder, cloud):
    (folder / "llm").mkdir()
    (folder / "llm/extra-openai-models.yaml").write_text(f'- model_id: cloud\n  model_name: m\n  api_base: "{cloud.url}/v1"\n', "utf-8")
    with History.open(folder / "history.db") as history:
        history.extend(HistoryItem(f"It is not so, and we do not know number {n}.", "sent", kind="email") for n in range(20))
        expected = Personalizer(history.part("email")).rewrite(ANSWER, windows="sentences").text
        assert expected != Personalizer(history).rewrite(ANSWER, windows="sentences").text
    asked = [
        "-m",
        "llm",
        "-m",
        "rpo-edge",
        "-o",
        "store",
        "history.db",
        "-o",
        "model",
        "cloud",
        "-o",
        "like",
        "email",
        "--no-log",
        "Will it?",
    ]
    assert ran(asked, folder, cloud).stdout.rstrip("\n") == expected


def test_llm_does_not_ask_itself(folder, cloud):
    with pytest.raises(AssertionError, match="rewrites what another model says"):
        ran(["-m", "llm", "-m", "rpo-edge", "-o", "model", "rpo-edge", "--no-log", "Hello"], folder, cloud)
    assert not cloud.requests
