"""GGUF files that are made to do harm: each is refused, at once, and in a process that nobody misses."""

import struct
import sys
import time

import pytest
from gguf_headers import TEMPLATE, File, Tensor, changed
from hypothesis import given
from hypothesis import strategies as st

from rpo_edge.errors import ModelError
from rpo_edge.runtimes import header, inspection
from rpo_edge.runtimes.inspection import inspected
from rpo_edge.store import measuring

DATA = bytes(File())

BAD = {
    "empty": b"",
    "not GGUF": b"PK\3\4" + DATA[4:],
    "version": bytes(File(version=1)),
    "other byte order": b"GGUF" + struct.pack(">I", 3) + DATA[8:],
    "cut off": DATA[:-40],
    "cut off in the header": DATA[:200],
    "keys": bytes(File(keys=1 << 60)),
    "more keys than there are": bytes(File(keys=999)),
    "tensors": bytes(File(tensor_count=1 << 60)),
    "no tensors": bytes(File(tensors=())),
    "array": bytes(changed(endless=struct.pack("<IIQ", 9, 8, 1 << 62))),
    "arrays in arrays": bytes(changed(deep=struct.pack("<IIQ", 9, 9, 1) * 99)),
    "string": bytes(changed(long=struct.pack("<IQ", 8, 1 << 62))),
    "kind": bytes(changed(odd=struct.pack("<I", 77))),
    "alignment": bytes(changed(general__alignment=7)),
    "overlap": bytes(File(tensors=(Tensor(), Tensor("other")))),
    "outside": bytes(File(tensors=(Tensor(shape=(32, 5000)),))),
    "huge": bytes(File(tensors=(Tensor(shape=(1 << 40, 1 << 40)),))),
    "dimensions": bytes(File(tensors=(Tensor(shape=(32,) * 5),))),
    "type": bytes(File(tensors=(Tensor(kind=5),))),
    "block": bytes(File(tensors=(Tensor(shape=(31, 5)),))),
    "nothing in it": bytes(File(tensors=(Tensor(shape=(0, 5)),))),
    "adapter": bytes(changed(general__type="adapter")),
    "no vocabulary": bytes(changed(tokenizer__ggml__tokens=None)),
    "part": bytes(changed(split__count=3)),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_at_once(tmp_path, what):
    path = tmp_path / "bad.gguf"
    path.write_bytes(BAD[what])
    begun = time.process_time()
    with pytest.raises(header.Refused):
        header.facts(header.read(path))
    assert time.process_time() - begun < 1


@given(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=9))
def test_damage_anywhere_is_refused_or_harmless(tmp_path_factory, at, data):
    path = tmp_path_factory.getbasetemp() / "damaged.gguf"
    path.write_bytes(DATA[:at] + data + DATA[at + len(data) :])
    try:
        found = header.facts(header.read(path))
    except header.Refused:
        return
    assert len(found["name"]) <= 200 and found["name"].isprintable()


def test_what_a_file_says_of_itself_cannot_steer_a_terminal(tmp_path):
    path = tmp_path / "file.gguf"
    path.write_bytes(bytes(changed(general__name="\x1b[2Jevil\nname")))
    assert inspected(path).name == "[2Jevil name"


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}"


def test_a_template_that_never_ends_is_ended(tmp_path):
    pytest.importorskip("jinja2")
    path = tmp_path / "endless.gguf"
    path.write_bytes(bytes(changed(tokenizer__chat_template=ENDLESS + TEMPLATE)))
    with pytest.raises(ModelError, match="within 1 seconds"):
        inspected(path, seconds=1)


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of memory")
def test_a_template_that_blows_up_is_stopped(tmp_path):
    pytest.importorskip("jinja2")
    path = tmp_path / "bomb.gguf"
    path.write_bytes(bytes(changed(tokenizer__chat_template="{{ 'x' * 9999999999 }}" + TEMPLATE)))
    with pytest.raises(ModelError, match="memory"):
        inspected(path)


def test_a_process_that_broke_down_is_said(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(9)", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "tiny.gguf").write_bytes(DATA)
    with pytest.raises(ModelError, match="broke down"):
        inspected(tmp_path / "tiny.gguf")


def test_a_frozen_application_is_not_started_once_more(tmp_path, monkeypatch):
    """`sys.executable` is the application there."""
    (tmp_path / "tiny.gguf").write_bytes(DATA)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(inspection.subprocess, "run", None)
    with pytest.raises(ModelError, match="no Python of its own"):
        inspected(tmp_path / "tiny.gguf")
    monkeypatch.setattr(measuring.os, "cpu_count", lambda: 2)
    assert isinstance(measuring.measurer(10**6), measuring.Here)
    monkeypatch.undo()
    assert inspected(tmp_path / "tiny.gguf")
