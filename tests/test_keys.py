"""Files that are open."""

import os

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError


def test_no_file_is_named_as_if_it_were_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="create=False"):
        History.open(":memory:")
    with History.open(":memory:", create=False) as store:
        store.add("A text.")
        assert len(store) == 1
    assert not list(tmp_path.iterdir())
    with History.open(tmp_path / ":memory:") if os.name == "posix" else History.open("h.db") as store:  # a path is meant as one
        assert len(store) == 0
