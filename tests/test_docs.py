"""The docs say what is so: the command line's page is what Typer says, and every path, link and command that a page names is there."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from itertools import takewhile
from pathlib import Path

import pytest
from typer.main import get_command

from rpo_edge.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "training/LOG.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]
COMMANDED = [
    page for page in PAGES if page not in ("docs/cli.md", "training/LOG.md")
]  # generated; a log, whose commands are as they were then
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_command_line_page_is_current():
    command = [sys.executable, "-m", "typer", "rpo_edge.cli", "utils", "docs", "--name", "rpo-edge"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True, encoding="utf-8")
    assert done.stdout.strip() == (ROOT / "docs/cli.md").read_text("utf-8").strip(), "run: make docs"


@pytest.mark.parametrize("page", PAGES)
def test_named_files_are_there(page):
    named = re.findall(r"`((?:rpo_edge|training|export|tests|docs|examples|bench)/[\w./]*)`", (ROOT / page).read_text("utf-8"))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SOURCES = [path for folder in ("rpo_edge", "training", "export", "bench") for path in sorted((ROOT / folder).rglob("*.py"))]


def test_rpo_edge_is_installed_from_a_clone_everywhere():
    """It is published nowhere: by its name, a stranger's package would come."""
    texts = [(ROOT / page).read_text("utf-8") for page in (*PAGES, "CHANGELOG.md")] + [path.read_text("utf-8") for path in SOURCES]
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


def test_the_package_names_what_the_readme_says_was_tried():
    (tried,) = re.findall(r"Tried only on (\w+) on [\w-]+, CPython ([\d.]+),", (ROOT / "README.md").read_text("utf-8"))
    named = [line.split(" :: ") for line in PROJECT["classifiers"] if line.startswith(("Operating System", "Programming Language"))]
    assert tuple(line[-1] for line in named) == tried


def anchors(text: str) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for name, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", FENCED.sub("", text)):
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), name
        assert not anchor or anchor in anchors(target.read_text("utf-8")), f"{name}#{anchor}"


def commands(text: str) -> list[str]:
    """Every command of ours in a page's code, from its program on: "training sft TRAJECTORIES OUT", "rpo-edge mcp"."""
    code = [line for block in FENCED.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    code += [span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", FENCED.sub("", text))]
    ours = re.compile(r"(?:(?<=-m )(?:training|export|bench)|(?<!-m )(?<![\w/-])rpo-edge) (?=[a-z-]).*?(?=\s+&& |\s+#|$)")
    return [found for line in code for found in ours.findall(line)]


def options_of(program: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Of the command that the words lead to. Raises an error where there is none."""
    if program == "rpo-edge":
        command, found = get_command(app), set()
        while True:
            found |= {option for parameter in command.params for option in parameter.opts}
            if not words or not hasattr(command, "commands"):
                return found
            command, words = command.commands[words[0]], words[1:]
    listed = import_module(f"{program}.__main__").COMMANDS
    module = listed[words[0]] if isinstance(listed, dict) else f"{program}.{listed[listed.index(words[0])]}"
    with pytest.raises(SystemExit) as end:
        pytest.importorskip(module).main([*words[1:], "--help"])
    out, err = capsys.readouterr()
    assert not end.value.code, err
    return set(re.findall(r"^  (?:-\w(?: \S+)?, )?(--[\w-]+)", out.partition("\noptions:\n")[2], re.MULTILINE))


def unknown(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Options that the command has not. Raises as `options_of` does."""
    program, *rest = re.sub(r"^rpo-edge --store \S+", "rpo-edge", command).split()
    words = list(takewhile(lambda word: not word.startswith(("-", "[")), rest))
    shown = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", command))
    alternatives = words[0].split("|") if words else [""]
    return set().union(*(shown - options_of(program, [one, *words[1:]] if one else [], capsys) for one in alternatives))


@pytest.mark.parametrize("page", COMMANDED)
def test_commands_are_there(page, capsys):
    for command in commands((ROOT / page).read_text("utf-8")):
        assert not unknown(command, capsys), command


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Say `rpo-edge mcp`.", ["rpo-edge mcp"]),
        ("rpo-edge rewrites answers; `pip install 'rpo-edge[gguf]'`; `llm -m rpo-edge -o store x`; `python -m training COMMAND`", []),
        ("`rpo-edge serve --upstream\nhttp://localhost`", ["rpo-edge serve --upstream http://localhost"]),
        ("```sh\nrpo-edge models add x && rpo-edge rewrite < y   # so\n```", ["rpo-edge models add x", "rpo-edge rewrite < y"]),
        ("```sh\naccelerate launch -m training rl A B \\\n  --set x=1\n```", ["training rl A B    --set x=1"]),
        ("`python -m export edit|generative`, `python -m bench serve --runs 4`", ["export edit|generative", "bench serve --runs 4"]),
    ],
)
def test_commands_are_found(text, found):
    assert commands(text) == found


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("rpo-edge --store x history import a --me b", set()),
        ("rpo-edge history forget ID… | --source NAME | --al [--receipt FILE]", {"--al"}),
        ("rpo-edge history imports a", KeyError),
        ("training evaluate --fixture --suits restore", {"--suits"}),
        ("training trajectories build OUT --recipe x", set()),
        ("training trajectories make OUT", AssertionError),
        ("training evaluation", KeyError),
        ("export gguf CHECKPOINT OUT.gguf --quant q8_0 --forced", {"--forced"}),
        ("export edit|generative CHECKPOINT OUT", set()),
        ("export edit|generatives CHECKPOINT OUT", KeyError),
        ("bench rewrites", ValueError),
    ],
)
def test_a_wrong_command_would_be_seen(command, wrong, capsys):
    if isinstance(wrong, set):
        assert unknown(command, capsys) == wrong
    else:
        with pytest.raises(wrong):
            unknown(command, capsys)
