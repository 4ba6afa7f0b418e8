"""The package as others see it: public names, import directions, the wheel, and the network."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from inspect import isfunction
from itertools import chain
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import rpo_edge
from rpo_edge import history
from rpo_edge.pipeline import Windows
from rpo_edge.store import migrations

ROOT = Path(__file__).resolve().parents[1]
# Lower imports nothing above it; names are the first part below the package.
LAYERS = [
    {"records", "errors", "segment", "lexicon", "names", "interpreter"},
    {"manifest", "edits", "features", "language", "operations", "usage", "wordpiece"},
    {"history", "store", "importers", "steps", "runtimes", "prompt", "chat"},
    {"reflectors", "shelf"},
    {"engine"},
    {"streaming"},
    {"pipeline"},
    {"show", "page", "plots", "doctor", "progress", "reopening"},
    {"mcp_server", "llm_plugin", "serve"},
    {"cli"},
    {"__main__"},
]


def imported(path: Path, late: bool = True) -> set[str]:
    """Full names of what a file imports. late: inside functions too."""
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree) if late else at_once(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


PUBLIC = """
Change Counter Edit Estimate Evidence Habit History HistoryItem ImportProblems InputError KeptStates Latest Mix ModelError Month Observation
OptionalDependencyError Part Personalizer Receipt Reflection Reflector ReflectorError ReflectorInfo Reverted Rewrite RpoEdgeError Sample StoreError
Stream StyleProfile Timeline Verdict Window Windows
"""


def at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported; all of an `if TYPE_CHECKING`, whose imports make cycles as well."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from at_once(child)


def check_cycles(root: Path, *packages: str) -> None:
    """Raises CycleError where modules need one another while they are imported."""
    files = {
        path.relative_to(root).as_posix().removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for package in packages
        for path in (root / package).rglob("*.py")
    }
    needs = {}
    for name, path in files.items():
        names = imported(path, late=False)
        parts = {one: {other for other in names if other.rpartition(".")[0] == one} for one in names & set(files)}
        # "from package import module" names the package, too, of which it needs nothing.
        needs[name] = {one for one, of_it in parts.items() if not of_it or of_it - set(files)}
    TopologicalSorter(needs).prepare()


def test_public_names():
    assert rpo_edge.__all__ == PUBLIC.split() == sorted(rpo_edge._HOME)
    things = {name: getattr(rpo_edge, name) for name in rpo_edge.__all__}
    assert all(thing.__name__ == name for name, thing in things.items() if isinstance(thing, type)) and things["Windows"] is Windows


def test_public_names_are_listed_before_they_are_used():
    code = "import sys, rpo_edge; listed = dir(rpo_edge); print({*rpo_edge.__all__} <= {*listed}, '__version__' in listed, 'rpo_edge.history' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "True True False\n"


def signed(name: str) -> Iterator[dict[str, object]]:
    """What a public class holds, and what its public methods take and give; of constructors those that users call."""
    public = {name: getattr(rpo_edge, name) for name in rpo_edge.__all__}
    if not isinstance(public[name], type):
        return
    yield {field: hint for field, hint in get_type_hints(public[name], localns=public).items() if not field.startswith("_")}
    for method, found in vars(public[name]).items():
        code = getattr(found, "fget", None) or getattr(found, "__func__", found)
        if isfunction(code) and (not method.startswith("_") or (name, method) == ("Personalizer", "__init__")):
            yield get_type_hints(code, localns=public)


def ours(hint: object) -> set[str]:
    if getattr(hint, "__module__", "").startswith("rpo_edge"):
        return {hint.__name__}
    return {n for part in (hint if isinstance(hint, list) else get_args(hint)) for n in ours(part)}


@pytest.mark.parametrize("name", PUBLIC.split())
def test_what_a_public_name_holds_takes_and_gives_is_public(name):
    assert {n for hints in signed(name) for hint in hints.values() for n in ours(hint)} <= set(rpo_edge.__all__)


def test_what_is_held_taken_and_given_is_found():
    found = {name: {n for hints in signed(name) for hint in hints.values() for n in ours(hint)} for name in PUBLIC.split()}
    assert "Habit" in found["StyleProfile"] and {"Receipt", "Timeline", "Part"} < found["History"]
    assert "Counter" in found["Reflector"] and {"Mix", "Part", "Stream"} < found["Personalizer"]


def test_imports_point_one_way():
    level = {name: i for i, names in enumerate(LAYERS) for name in names}
    for path in (ROOT / "rpo_edge").rglob("*.py"):
        own = path.relative_to(ROOT / "rpo_edge").parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for name in imported(path):
            parts = name.split(".")
            assert parts[0] not in ("training", "export", "torch", "transformers"), path
            if parts[0] == "rpo_edge" and len(parts) > 1 and parts[1] in level:
                assert level[parts[1]] <= level[own], f"{path} imports {name}"


def test_training_and_export_meet_on_disk_alone():
    for one, other in (("training", "export"), ("export", "training")):
        for path in (ROOT / one).rglob("*.py"):
            assert other not in {name.split(".")[0] for name in imported(path)}, path


def test_no_modules_import_each_other():
    check_cycles(ROOT, "rpo_edge", "training", "export", "bench")


@pytest.mark.parametrize(
    ("one", "other", "cycle"),
    [
        ("from package import other", "from package.one import f", True),
        ("from package.other import f", "from package import one", True),
        ("import package.other", "import package.one", True),
        ("try:\n    from package import other\nexcept ImportError:\n    pass", "import package.one", True),
        ("from package import other", "def f():\n    from package import one", False),
        ("from package import other", "import package", False),
        ("from package import other", "import one", False),
    ],
)
def test_a_cycle_would_be_seen(tmp_path, one, other, cycle):
    (tmp_path / "package").mkdir()
    for name, text in (("__init__", ""), ("one", one), ("other", other)):
        (tmp_path / "package" / f"{name}.py").write_text(text + "\n", "utf-8")
    with pytest.raises(CycleError) if cycle else nullcontext():
        check_cycles(tmp_path, "package")


EXTRAS = {"mcp_server.py": "mcp", "serve/": "serve", "llm_plugin.py": "llm", "runtimes/template.py": "gguf", "store/keys.py": "encrypted"}
"""By what a file's path begins with."""


@pytest.mark.parametrize("path", sorted((ROOT / "rpo_edge").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_imported_is_declared(path):
    """And not only brought along by a package that is; what this environment lacks goes by its module's name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    own = path.relative_to(ROOT / "rpo_edge").as_posix()
    extras = (project["optional-dependencies"][extra] for begins, extra in EXTRAS.items() if own.startswith(begins))
    declared = {re.split(r"[<>=]", line)[0].lower() for line in chain(project["dependencies"], *extras)}
    names = {name.split(".")[0] for name in imported(path)} - {"rpo_edge"} - sys.stdlib_module_names
    known = packages_distributions()
    assert {known.get(name, [name])[0].lower().replace("_", "-") for name in names} <= declared


def test_onnxruntime_has_one_door():
    users = [
        p.name
        for p in (ROOT / "rpo_edge").rglob("*.py")
        if "onnxruntime" in {n.split(".")[0] for n in imported(p)} or '("onnxruntime")' in p.read_text("utf-8")
    ]
    assert users == ["ort.py"]


def test_tokenizers_has_one_door():
    users = [
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "rpo_edge").rglob("*.py")
        if "tokenizers" in {n.split(".")[0] for n in imported(p)} or '("tokenizers")' in p.read_text("utf-8")
    ]
    assert users == ["rpo_edge/runtimes/tokens.py"]


def test_schema_version_is_the_latest():
    assert history._SCHEMA == migrations.LATEST == len(migrations.MIGRATIONS._migrations)


def test_wheel_rewrites_in_a_fresh_environment(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, ROOT], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = subprocess.run([sys.executable, "-m", "zipfile", "-l", wheel], capture_output=True, text=True, check=True).stdout
    assert "rpo_edge/cli/history.py" in names and "training/" not in names and "tests/" not in names
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "-q", "install", "-c", ROOT / "constraints.txt", wheel], check=True, timeout=300)
    command = [scripts / "rpo-edge", "--store", tmp_path / "h.db"]
    subprocess.run([*command, "history", "import", ROOT / "examples/history"], check=True, cwd=tmp_path)
    done = subprocess.run([*command, "rewrite", ROOT / "examples/response.txt"], capture_output=True, check=True, cwd=tmp_path)
    assert b"It's unlikely" in done.stdout


COMMANDS = (["rewrite", str(ROOT / "examples/response.txt")], ["doctor"])


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_no_internet_socket_is_opened(store, tmp_path, arguments):
    log = tmp_path / "strace.log"
    command = [sys.executable, "-m", "rpo_edge", "--store", str(store), *arguments]
    traced = ["strace", "-f", "-e", "trace=socket,connect,execve", "-o", log, *command]
    done = subprocess.run(traced, check=True, timeout=120, capture_output=True)
    assert arguments[0] != "rewrite" or b"It's unlikely" in done.stdout
    calls = log.read_text("utf-8")
    assert "execve" in calls and "AF_INET" not in calls


# Where there is no strace: every way to the network that Python has ends the process.
SOCKETLESS = """
import os, sys
def refuse(event, arguments):
    if event.startswith("socket.") or event in ("urllib.Request", "subprocess.Popen", "os.system", "os.posix_spawn"):
        print("forbidden:", event, arguments, file=sys.stderr, flush=True)
        os._exit(70)
sys.addaudithook(refuse)
"""


def socketless(code: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", SOCKETLESS + code, *arguments], timeout=120, capture_output=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_nothing_needs_a_socket(store, arguments):
    done = socketless("from rpo_edge.cli import main; main()", "--store", str(store), *arguments)
    assert done.returncode == 0, done.stderr
    assert arguments[0] != "rewrite" or b"It's unlikely" in done.stdout


def test_a_socket_would_have_been_seen():
    assert socketless("import socket; socket.socket()").returncode == 70
