"""What several test files stand on: a store with the example history."""

from pathlib import Path

import pytest

from rpo_edge import History
from rpo_edge.importers import Problems, read_paths


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """Path of a history file that holds the example texts; tests only read it."""
    path = tmp_path_factory.mktemp("store") / "history.db"
    with History.open(path) as history:
        history.extend(read_paths([Path(__file__).resolve().parents[1] / "examples/history"], None, Problems()))
    return path
