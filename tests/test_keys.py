"""Files that are open."""

import gc
import os
import sys
import threading

import pytest

from rpo_edge import History
from rpo_edge.errors import InputError
from rpo_edge.store.files import OPEN_FILES, OpenFiles


def test_the_collector_may_close_a_store_in_the_middle_of_it(tmp_path):
    gc.disable()
    try:
        store = History.open(tmp_path / "h.db")
        store.itself = store  # nobody closes it, and only the collector finds it

        def collect() -> None:
            nonlocal store
            with OPEN_FILES._lock:
                del store
                gc.collect()

        thread = threading.Thread(target=collect, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive() and OPEN_FILES.connections((tmp_path / "h.db").resolve()) == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("method", ["enter", "leave"])
def test_a_connection_that_goes_at_any_step_is_counted_once(tmp_path, method):
    """As the collector would have it: another connection's `leave` between any two instructions."""
    path = tmp_path / "h.db"
    path.write_bytes(b"SQLite format 3")
    step = injected = 0
    while injected == step:
        step += 1
        files = OpenFiles()
        files.enter(path)
        if method == "leave":
            files.enter(path)
        files.head(path, 10)
        (descriptor,) = files._descriptors[str(path)].values()
        seen = 0

        def trace(frame, event, _, files=files, stop=step):
            nonlocal seen, injected
            if frame.f_code is not getattr(OpenFiles, method).__code__:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                seen += 1
                if seen == stop:
                    injected = stop
                    sys.settrace(None)
                    files.leave(path)
            return trace

        tracer = sys.gettrace()
        sys.settrace(trace)
        try:
            getattr(files, method)(path)
        finally:
            sys.settrace(tracer)
        if injected == step:
            assert files.connections(path) == (method == "enter")
            if method == "leave":
                with pytest.raises(OSError, match="Bad file descriptor"):
                    os.fstat(descriptor)
    assert step > 10


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
