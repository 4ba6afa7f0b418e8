"""The docs say what is so: the command line's page is what Typer says, and every path that a page names is there."""

import re
import subprocess
import sys
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
