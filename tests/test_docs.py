"""The docs say what is so: the command line's page is what Typer says, and every path that a page names is there."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_command_line_page_is_current():
    command = [sys.executable, "-m", "typer", "rpo_edge.cli", "utils", "docs", "--name", "rpo-edge"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True, encoding="utf-8")
    assert done.stdout.strip() == (ROOT / "docs/cli.md").read_text("utf-8").strip(), "run: make docs"


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md", "docs/adding.md", "docs/training.md"])
def test_named_files_are_there(page):
    named = re.findall(r"`((?:rpo_edge|training|tests|docs|examples|bench)/[\w./]*)`", (ROOT / page).read_text("utf-8"))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md")))
SOURCES = [path for folder in ("rpo_edge", "training", "export", "bench") for path in sorted((ROOT / folder).rglob("*.py"))]


def test_rpo_edge_is_installed_from_a_clone_everywhere():
    """It is published nowhere: by its name, a stranger's package would come."""
    texts = [(ROOT / page).read_text("utf-8") for page in PAGES] + [path.read_text("utf-8") for path in SOURCES]
    assert [wrong for text in texts for wrong in re.findall(r"rpo[-_]edge\[\w|pip install '?rpo[-_]edge", text)] == []
    extras = {extra for text in texts for extra in re.findall(r"pip install '\.\[(\w+)\]'", text)}
    assert {"encrypted", "gguf", "llm", "mcp", "onnx", "serve"} <= extras <= set(PROJECT["optional-dependencies"])


def test_errors_name_extras_that_there_are():
    calls = [node for path in SOURCES for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    ours = [call.args for call in calls if isinstance(call.func, ast.Name) and call.func.id == "OptionalDependencyError"]
    extras = {ast.literal_eval(arguments[1]) for arguments in ours if len(arguments) > 1}
    assert len(ours) > 10 and "gguf" in extras and extras <= set(PROJECT["optional-dependencies"])


def test_the_readme_says_which_python():
    assert f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in (ROOT / "README.md").read_text("utf-8")
