"""What several test files stand on: a store with the example history."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from rpo_edge import History, cli
from rpo_edge.importers import Report, read_paths

settings.register_profile("untimed", deadline=None)  # how long an example takes says how busy a machine is
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def no_models_of_the_developers(tmp_path_factory) -> Iterator[None]:
    """What somebody has added, or made the default, on this machine changes no test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RPO_EDGE_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """Path of a history file that holds the example texts; tests only read it."""
    path = tmp_path_factory.mktemp("store") / "history.db"
    with History.open(path) as history:
        history.extend(read_paths([Path(__file__).resolve().parents[1] / "examples/history"], Report()))
    return path


@pytest.fixture
def run(store, tmp_path, monkeypatch, capfdbinary):
    """run(*arguments, stdin, at): the command line in this process, on a store (the example one); exit code, stdout, stderr."""

    def _run(*arguments, stdin=b"", at=store):
        path = tmp_path / "stdin"
        path.write_bytes(stdin)
        with path.open(encoding="utf-8") as file:
            monkeypatch.setattr("sys.stdin", file)
            monkeypatch.setattr("sys.argv", ["rpo-edge", "--store", str(at), *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                cli.main()
        captured = capfdbinary.readouterr()
        return end.value.code, captured.out, captured.err

    return _run


@pytest.fixture
def within() -> Callable[[float], AbstractContextManager[None]]:
    """`with within(seconds):` fails if its body takes more of the processor.

    For what would take minutes if it were quadratic: the limit lies so far above the usual time that no busy machine reaches it.
    Processor time, because other work on the machine does not add to it.
    """

    @contextmanager
    def limit(seconds: float) -> Iterator[None]:
        begun = time.process_time()
        yield
        assert time.process_time() - begun < seconds

    return limit


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch on one thread. Tests run side by side: more threads than cores would wait for each other."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
