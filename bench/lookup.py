"""llama.cpp's own drafting from n-grams, beside ours: `llama-lookup`, a program of llama.cpp's sources that no package brings.

`llama-cli --spec-type ngram-cache` drafts by the same functions (common/ngram-cache.cpp), but it only chats, and does not say how many drafts were
right. llama-lookup reads the same GGUF file and prompt, in which the draft stands last, for it drafts from what it has read; with no tokens to draft
it is plain greedy decoding by the same program. A grammar whose rule is the tokens of the rewrite, one after the other, makes it say what our ways say.
At each token, that grammar is laid over the whole vocabulary, which takes time that a rewrite does not. So its seconds are those of its
passes alone, as llama.cpp counts them; ours have the choice of tokens and the drafting in them, which take little.

    cmake -S llama.cpp -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build --target llama-lookup
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.replay import Taken

NAME = "llama-lookup"
WIDEST = 8  # tokens of a draft; its default of 3 gains a little more where 70% is kept, and much less where all is
TRIES = 10  # it does not wait at its end for the thread that writes what it says, so now and then the figures are not there
_SAYS = {
    "first": r"encoded +\d+ tokens in +([\d.]+) seconds",
    "said": r"n_predict += (\d+)",
    "proposed": r"n_drafted += (\d+)",
    "kept": r"n_accept += (\d+)",
    "several": r"prompt eval time = +([\d.]+) ms",
    "single": r"(?<!prompt) eval time = +([\d.]+) ms",
}


class Failed(RuntimeError):
    """The program ended with an error of its own; it does on some texts, where it drafts past the grammar's end."""


@dataclass(frozen=True)
class Lookup:
    """The program and the model that it is to read."""

    program: Path
    model: Path
    threads: int
    context: int

    def replayed(self, prompt: str, text: Sequence[int], drafting: bool) -> Taken:
        """See `replay.replayed`. Raises RuntimeError where the program fails or says something else."""
        return self._run(prompt, text, drafting)[0]

    def peak(self, prompt: str, text: Sequence[int]) -> float:
        """MiB that it has at most, drafting; nought where the system does not say."""
        return self._run(prompt, text, True)[1]

    def _run(self, prompt: str, text: Sequence[int], drafting: bool) -> tuple[Taken, float]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "prompt").write_text(prompt, "utf-8")
            (folder / "grammar").write_text(grammar(text), "utf-8")
            for _ in range(TRIES):
                code, memory = watched(self._command(folder, len(text), drafting), folder / "output")
                output = (folder / "output").read_text("utf-8", "replace")
                if code:
                    raise Failed(f"{self.program.name} failed ({code}): {' '.join(output[-500:].split())}")
                if len(said(output)) == len(_SAYS):
                    break
        return parsed(output, len(text)), memory

    def _command(self, folder: Path, tokens: int, drafting: bool) -> list[str]:
        files = ["-m", self.model, "-f", folder / "prompt", "--grammar-file", folder / "grammar"]
        sizes = ["-n", tokens + 1, "-c", self.context, "-t", self.threads, "--spec-draft-n-max", WIDEST if drafting else 0]
        return list(map(str, [self.program, *files, *sizes, "--temp", 0]))


def grammar(text: Sequence[int]) -> str:
    """In GBNF: these tokens, then the end."""
    return "root ::= " + " ".join(f"<[{token}]>" for token in text) + "\n"


def said(output: str) -> dict[str, float]:
    """The figures that llama-lookup prints at its end, those of _SAYS that are there."""
    found = {name: re.search(pattern, output) for name, pattern in _SAYS.items()}
    return {name: float(match[1]) for name, match in found.items() if match}


def parsed(output: str, tokens: int) -> Taken:
    """After a text of so many tokens and the one that ends it. Raises RuntimeError where it says something else."""
    found = said(output)
    if missing := _SAYS.keys() - found:
        raise RuntimeError(f"{NAME} does not say {', '.join(sorted(missing))}: {output[-500:]}")
    if found["said"] != tokens + 1:
        raise RuntimeError(f"{NAME} said {found['said']:.0f} tokens, not {tokens} and an end")
    rest = (found["several"] + found["single"]) / 1000 - found["first"]  # the prompt is one of the passes over several
    return Taken(found["first"], rest, tokens, int(tokens - found["kept"]), int(found["proposed"]))


def watched(command: list[str], output: Path) -> tuple[int, float]:
    """Run it: what it returns, and the most memory it had, by what Linux says of a process while there is one."""
    memory = 0.0
    with output.open("wb") as file, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            memory = max(memory, _peak(process.pid))
            time.sleep(0.02)
    return process.returncode, memory


def _peak(process: int) -> float:
    try:
        said = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("utf-8"))
    except OSError:
        return 0.0
    return int(said[1]) / 1024 if said else 0.0
