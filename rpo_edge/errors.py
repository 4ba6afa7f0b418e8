"""Every error that rpo-edge raises on purpose.

    RpoEdgeError                 caught by the command line: one line on stderr
    ├── InputError               the draft, a file or an argument cannot be used
    │   └── ImportProblems       an import kept the good items and met bad ones (exit 1)
    ├── StoreError               the history cannot be opened, read or written
    ├── ModelError               a model folder is absent, damaged, altered or of an unknown kind
    ├── OptionalDependencyError  a package is missing; the message says what to install
    └── ReflectorError           a reflector failed while running (the draft is returned unchanged)

Exceptions of other packages are translated where they are called, never higher up.
"""


class RpoEdgeError(Exception):
    """Base of the tree; `exit_code` is what the command line returns."""

    exit_code = 2


class InputError(RpoEdgeError):
    """The draft, a file or an argument cannot be used as it is."""


class ImportProblems(InputError):
    """An import met bad items; the good ones were kept."""

    exit_code = 1

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(RpoEdgeError):
    """The history cannot be opened, read or written."""


class ModelError(RpoEdgeError):
    """A model folder is absent, damaged, altered or of a kind this version does not know."""


class OptionalDependencyError(RpoEdgeError):
    """A package that this feature needs is not installed. extra: of rpo-edge, which is installed from a clone, that brings it."""

    def __init__(self, package: str, extra: str | None = None) -> None:
        install = f"pip install '.[{extra}]' in the clone of rpo-edge" if extra else f"pip install '{package}'"
        super().__init__(f"{package} is not installed: {install}")


class ReflectorError(RpoEdgeError):
    """A reflector failed while running."""

    exit_code = 1
