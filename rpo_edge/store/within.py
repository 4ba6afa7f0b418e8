"""Which items are meant: all, or those of one source or kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Within:
    """As a condition of SQL. name: of a source or kind; None: all items."""

    name: str | None = None

    def holds(self, column: str) -> str:
        """The condition that a column's id belongs to it; `values` fill its places. No index is used for the column, since FTS5 would
        then match the whole query again for each id."""
        if self.name is None:
            return "true"
        return f"+{column} in ({self.ids})"

    @property
    def ids(self) -> str:
        """The query for their ids, each once; `values` fill its places."""
        return (
            "select id from items"
            if self.name is None
            else "select id from items where source = ? union select id from items where kind = ?"
        )

    @property
    def values(self) -> tuple[str, ...]:
        return () if self.name is None else (self.name, self.name)


ALL = Within()
