"""`python -m bench decode`: what it replays, what it reads of llama.cpp's own program, and a whole run with a tiny checkpoint; so `rollouts`."""

import random
import re
import sys

import pytest

pytest.importorskip("llama_cpp")
pytest.importorskip("torch")

from causal_samples import trained

from bench import decode, history, lookup, rollouts
from bench.replay import Taken, rewritten
from training import data
from training.rewards import REWARDS, Rollout

SAID = """over time.
<|end|>

1.52.764.798 I encoded  599 tokens in   29.420 seconds, speed:   27.396 t/s
1.52.764.818 I decoded  207 tokens in   80.996 seconds, speed:    2.556 t/s
1.52.764.834 I
1.52.764.850 I n_draft      = 8
1.52.764.865 I n_predict    = 207
1.52.764.880 I n_drafted    = 217
1.52.764.895 I t_draft_flat = 9.71 ms
1.52.764.912 I t_draft      = 67.45 ms, 310.81 us per token, 3217.44 tokens per second
1.52.764.943 I n_accept     = 150
1.52.764.957 I accept       = 69.124%
1.52.764.971 I
target:

1.52.764.993 I common_perf_print:    sampling time =    6455.00 ms
1.52.765.007 I common_perf_print:    samplers time =      37.65 ms /   207 tokens
1.52.765.029 I common_perf_print:        load time =    1929.48 ms
1.52.765.044 I common_perf_print: prompt eval time =   92942.27 ms /   844 tokens (  110.12 ms per token,     9.08 tokens per second)
1.52.765.059 I common_perf_print:        eval time =    7633.61 ms /    28 runs   (  272.63 ms per token,     3.67 tokens per second)
1.52.765.073 I common_perf_print:       total time =  110479.42 ms /   872 tokens
1.52.765.088 I common_perf_print: unaccounted time =    3448.53 ms /   3.1 %      (total - sampling - prompt eval - eval) / (total)
"""


def test_output_of_lookup_is_read():
    taken = lookup.parsed(SAID, 206)
    assert taken == Taken(29.42, pytest.approx(92.94227 + 7.63361 - 29.42), tokens=206, passes=28 + 28, proposed=217)  # half over one token
    assert taken.accepted == 150 / 217


def test_plain_lookup_has_no_acceptance():
    assert Taken(1.0, 2.0, 10, 10, 0).accepted is None
    assert Taken(1.0, 2.0, 10, 4, 8).accepted == 0.75


@pytest.mark.parametrize("said", ["", SAID.replace("n_accept", "n_taken")])
def test_other_output_is_refused(said):
    with pytest.raises(RuntimeError, match="does not say"):
        lookup.parsed(said, 206)


def test_a_shorter_text_is_refused():
    with pytest.raises(RuntimeError, match="not 240 and an end"):
        lookup.parsed(SAID, 240)


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script")
def test_program_that_fails_is_told(tmp_path):
    program = tmp_path / lookup.NAME
    program.write_text("#!/bin/sh\necho no such model\nexit 3\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match=r"failed \(3\): no such model"):
        lookup.Lookup(program, tmp_path / "model.gguf", 2, 2048).replayed("a", [1, 2], True)


def test_a_row_goes_on_without_the_program_that_fails_on_it(capsys):
    def fails(rewrite):
        raise lookup.Failed("it broke")

    def breaks(rewrite):
        raise RuntimeError("decoding did not say what was given")

    taken = Taken(1.0, 2.0, 10, 10, 0)
    ways = [decode.Way("ours", False, lambda rewrite: taken), decode.Way("theirs", True, fails)]
    rewrite = decode.Rewrite([1, 2], [2], [2])
    assert decode.taken("a row", ways, [rewrite, rewrite], 2) == {"ours": [Taken(2.0, 4.0, 20, 20, 0)] * 2}
    assert capsys.readouterr().out.count("left out: it broke") == 1
    with pytest.raises(RuntimeError, match="decoding"):
        decode.taken("a row", [decode.Way("ours", False, breaks)], [rewrite], 1)


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script")
def test_program_whose_figures_were_lost_is_asked_again(tmp_path):
    program, model, output = tmp_path / lookup.NAME, tmp_path / "model.gguf", tmp_path / "output"
    program.write_text(f"#!/bin/sh\nif [ -e {model} ]; then cat {output}; else touch {model}; fi\n", "utf-8")
    program.chmod(0o755)
    output.write_text(SAID, "utf-8")
    assert lookup.Lookup(program, model, 2, 2048).replayed("a", [1] * 206, True) == lookup.parsed(SAID, 206)


def test_not_built_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert decode.lookup_of(None, tmp_path / "model.gguf", 2048) is None
    assert "n-gram drafting: not built" in capsys.readouterr().out


@pytest.mark.parametrize("kept", decode.KEPT)
def test_share_that_is_kept(kept):
    draft = list(range(1000))
    text = rewritten(draft, kept, [-1], random.Random(0))
    assert [token for token in text if token >= 0] == sorted(set(text) - {-1})
    assert len([token for token in text if token >= 0]) == round(kept * 1000)


def test_whole_run_with_a_checkpoint_of_ours(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    decode.main(["--model", str(trained(tmp_path / "checkpoint")), "--runs", "1"])
    lines = capsys.readouterr().out.splitlines()
    for way in ("llama.cpp Q4_0", "llama.cpp Q4_0, copying", "onnxruntime 4-bit", "onnxruntime 4-bit, copying"):
        found = [line for line in lines if line.startswith((" 70%", " 90%", "100%", "by rules", "by people")) and f"  {way}  " in line]
        assert len(found) == len(decode.KEPT) + 2
        assert all("first token after" in line for line in found)
        assert all(("proposals kept" in line) == ("copying" in way) for line in found)
    assert sum("peak memory" in line for line in lines) == 2
    assert not any("unknown" in line for line in lines)
    assert sum(f"of {1 + decode.PEOPLE} texts of {decode.TOLD} tokens" in line for line in lines) == 2
    (people,) = (line for line in lines if line.startswith("by people: "))
    assert people.startswith(f"by people: {decode.PEOPLE} of ") and 50 < int(people.split(", ")[1].split("%")[0]) < 100


@pytest.fixture
def research(tmp_path, monkeypatch):
    """A checkpoint of an edit reflector, with data for it."""
    samples = pytest.importorskip("workshop_samples")
    monkeypatch.setattr(data, "SHARED", samples.shared(tmp_path / "shared"))
    return samples.checkpoint(tmp_path)


def test_every_reward_is_timed_and_the_pass_is_a_share_of_the_limit(research, capsys):
    rollouts.main([str(research), "--steps", "2", "--set", "batch=2", "--set", "group=2", "--set", "others=40"])
    share, drawn, *lines = capsys.readouterr().out.splitlines()
    assert float(re.fullmatch(r"forward pass of the policy: (\S+) of the FLOP/s of matrix products", share)[1]) > 0
    assert re.fullmatch(r"drawn and made into texts: \d+ rollouts/s", drawn)
    assert [re.fullmatch(r"(\w+): \d+ rollouts/s", line)[1] for line in lines] == list(REWARDS)


@pytest.mark.parametrize("name", REWARDS)
def test_what_is_timed_is_scored(name):
    texts = tuple(f"It's late, isn't it? I don't know of number {i}." for i in range(9))
    one = Rollout(
        "It is late, and I do not know!", "It's late, and I don't know.", texts=texts, others=("It is late. He does not know.",) * 3
    )
    assert REWARDS[name]([rollouts.judged(name, one)])[0] is not None


def test_a_first_rewrite_takes_longer_than_later_ones(tmp_path, capsys):
    history.first(tmp_path, "rules", ["it", "is", "late."], 200)
    told = re.search(r"after 200 texts, rules: .* first / later (\d+)\n", capsys.readouterr().out)
    assert int(told[1]) > 1
