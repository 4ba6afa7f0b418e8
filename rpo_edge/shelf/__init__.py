"""The user's own models: a folder each, by a name that the user gave, beside the place where the store is by default.

    models/
      NAME/manifest.json …   a model folder; of a GGUF file that was added, `model.gguf` and a manifest made for it
      settings.json          {"reflector": NAME}: what `rpo-edge rewrite` runs where no --reflector is given

A model is put together in a hidden folder and gets its name at the end, so that what is here is whole. Models that came with the package are not
here (`manifest.embedded`), but share the names. Nothing is imported that a rewrite by `rules` would wait for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpo_edge.errors import InputError, ModelError
from rpo_edge.history import default_path
from rpo_edge.manifest import Manifest, embedded
from rpo_edge.reflectors import DEFAULT

PLACE = "RPO_EDGE_MODELS"
"""Environment variable that names another folder."""

RULES = "rules"

_SETTINGS = "settings.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TAKEN = frozenset({RULES, "edit", "generative", _SETTINGS})


class Shelf:
    """See the module's text. folder: made when something is put in."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(os.environ.get(PLACE) or default_path().parent / "models")

    def names(self) -> list[str]:
        """Of the user's models, sorted. Raises ModelError where the folder cannot be read."""
        try:
            folders = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        return sorted(path.name for path in folders if os.access(path / "manifest.json", os.F_OK))

    def find(self, name: str) -> Path | None:
        """The folder of a model by its name: an embedded one, else one of the user's. Raises ModelError where only those could have it, and
        their folder cannot be read."""
        if not _NAME.fullmatch(name):
            return None
        for path in embedded():
            if path.name == name:
                return path
        return self.folder / name if name in self.names() else None

    def remove(self, name: str) -> bool:
        """Delete one of the user's models; True if it was the default, which is the package's again. Raises InputError if there is none."""
        if name not in self.names():
            raise InputError(f"no model of yours is called {name!r}")
        with translated(self.folder):
            gone = self._hidden()
            gone.mkdir()
            (self.folder / name).rename(gone / name)  # at once, whatever happens to the rest
            shutil.rmtree(gone)
        was_default = self.default == name
        if was_default:
            self.use(DEFAULT)
        return was_default

    @property
    def default(self) -> str | None:
        """What `use` set, None where nothing was. Raises ModelError where the settings cannot be read."""
        path = self.folder / _SETTINGS
        try:
            return str(json.loads(path.read_text("utf-8"))["reflector"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} cannot be read; delete it, and {DEFAULT} is the default again") from error

    def chosen(self, asked: str | None = None) -> str:
        """The reflector that is asked for, else the default of `use`, else that of the package."""
        return asked if asked is not None else self.default or DEFAULT

    def use(self, name: str) -> None:
        """Make a reflector the default; that of the package sets it back. Raises InputError where there is none of that name."""
        path = self.folder / _SETTINGS
        if name == DEFAULT:
            with translated(path):
                path.unlink(missing_ok=True)
            return
        if name != RULES and self.find(name) is None:
            raise InputError(unknown(name))
        with translated(path):
            self.make()
            written = self._hidden()
            written.write_text(json.dumps({"reflector": name}) + "\n", "utf-8")
            written.replace(path)

    def free_name(self, usual: str, wanted: str | None = None) -> str:
        """The name wanted, or the usual one as a name may be. Raises InputError for one that is taken or none."""
        name = (re.sub(r"[^a-z0-9._-]+", "-", usual.lower()).strip("-._")[:64] or "model") if wanted is None else wanted
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is no name: letters, digits, '.', '-' and '_', up to 64, a letter or digit first")
        if name in _TAKEN or self.find(name) is not None or (self.folder / name).exists():
            raise InputError(f"there is a model called {name!r} already; give another name by --name")
        return name

    def make(self) -> None:
        """The folder, which only its owner may look into."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _hidden(self) -> Path:
        """A name that nothing has."""
        return self.folder / f".{os.getpid()}-{time.monotonic_ns()}"

    @contextmanager
    def new(self, name: str) -> Iterator[Path]:
        """A hidden folder that gets its name when all went well, and is deleted otherwise."""
        self.make()
        folder = self._hidden()
        folder.mkdir(mode=0o700)
        try:
            yield folder
            folder.rename(self.folder / name)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}")


def unknown(name: str) -> str:
    """What is said of a name that nothing has."""
    return f"no model is called {name!r}; `rpo-edge models list` shows those that there are"


def manifest_of(reflector: str | os.PathLike[str]) -> Manifest:
    """The manifest of a model by its name here, as a folder, or as a GGUF file. Raises ModelError.

    A name comes first: a folder of the same name where somebody happens to be is meant by "./NAME".
    """
    folder = Shelf().find(reflector) if isinstance(reflector, str) else None
    if folder is not None:
        return Manifest.load(folder)
    path = Path(reflector)
    if path.is_file():
        return Manifest.of_file(path)
    if isinstance(reflector, str) and _NAME.fullmatch(reflector) and not path.exists():
        raise ModelError(unknown(reflector))
    return Manifest.load(path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """The file system's exceptions become InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename or path}: {(error.strerror or str(error)).lower()}") from error
