"""The store's schema, as numbered steps. Append only: a step that has shipped is never edited.

A stored format is a contract:
    items     one text of the user's; `digest` (blake2b of source and text) makes imports repeatable
    items_fts FTS5 over title and text, kept by triggers
    measures  counts of each item by feature key and variant
    totals    their sums, kept by triggers, so that reading a profile does not depend on the number of items
    words     in how many of the items whose id can be divided by 16 a term of the index is (see `search.py`)
    states    what a model has computed of a prompt's beginning, by its key; `used` counts up (see `states.py`)
    facts     stated preferences (pref:KEY); `features`, the version that `measures` was made with, VERSION>ID where items after ID
              have not been measured yet, VERSION:ID while all are measured again (up to ID it is done); `sides`, whose counts of the
              feature "sides" are kept, or DIGEST>ID where some after ID may be missing; `items`, the number of items; `bulk`, within
              a transaction that fills the index itself; `forgetting`, while the files are still to be cleaned of what was forgotten;
              `dropped`, how often the states were
`PRAGMA user_version` is the number of steps applied; the read path looks at nothing else, because
importing sqlite-utils takes longer than a whole rewrite.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("rpo-edge")


@MIGRATIONS(name="0001_items")
def _items(db: Database) -> None:
    db.table("items").create(
        {"id": int, "text": str, "source": str, "date": str, "title": str, "digest": str},
        pk="id",
        not_null={"text", "source", "digest"},
    )
    db.table("items").create_index(["digest"], unique=True)
    db.table("items").create_index(["source"])
    db.table("items").enable_fts(["title", "text"], create_triggers=True, tokenize="porter unicode61")
    # Forgotten words must leave the index too, not only the table (FTS5, 'secure-delete').
    db.execute("insert into items_fts(items_fts, rank) values('secure-delete', 1)") if _has_secure_delete(db) else None


@MIGRATIONS(name="0002_profile")
def _profile(db: Database) -> None:
    for statement in (
        """create table measures (
               feature text not null, variant text not null, item_id integer not null references items(id) on delete cascade,
               n real not null, primary key (feature, variant, item_id)) without rowid""",
        "create index measures_item on measures(item_id)",
        "create table totals (feature text, variant text, n real not null, primary key (feature, variant)) without rowid",
        "create table facts (key text primary key, value text not null) without rowid",
        """create trigger measures_add after insert on measures begin
               insert into totals values (new.feature, new.variant, new.n)
               on conflict(feature, variant) do update set n = n + excluded.n; end""",
        """create trigger measures_drop after delete on measures begin
               update totals set n = n - old.n where feature = old.feature and variant = old.variant;
               delete from totals where feature = old.feature and variant = old.variant and n <= 0; end""",
        """create trigger items_forget before delete on items begin
               delete from measures where item_id = old.id; end""",
    ):
        db.execute(statement)


@MIGRATIONS(name="0003_origin")
def _origin(db: Database) -> None:
    for name in ("kind", "origin"):
        db.table("items").add_column(name, str)


@MIGRATIONS(name="0004_recent")
def _recent(db: Database) -> None:
    # "The newest" is asked for at every rewrite; without an index, all items would be read for it.
    db.execute("create index items_recent on items(date desc, id desc)")


@MIGRATIONS(name="0005_found_fast")
def _found_fast(db: Database) -> None:
    for statement in (
        "create table words (term text primary key, n integer not null) without rowid",
        "insert into facts select 'items', count(*) from items",
        "update facts set value = value || '>0' where key = 'sides'",
        # FTS5 keeps new words in memory until so many bytes are there: many small pieces would have to be merged again and again.
        "insert into items_fts(items_fts, rank) values('hashsize', 67108864)",
        # A statement with a trigger makes FTS5 write what it has in memory (xSavepoint), so many items at once are indexed afterwards.
        "drop trigger items_ai",
        """create trigger items_ai after insert on items when not exists (select 1 from facts where key = 'bulk') begin
               insert into items_fts(rowid, title, text) values (new.id, new.title, new.text);
               update facts set value = value + 1 where key = 'items'; end""",
        """create trigger items_count after delete on items begin
               update facts set value = value - 1 where key = 'items'; end""",
    ):
        db.execute(statement)


@MIGRATIONS(name="0006_states")
def _states(db: Database) -> None:
    db.execute("create table states (key text primary key, used integer not null, data blob not null)")


@MIGRATIONS(name="0007_kind")
def _kind(db: Database) -> None:
    # As by source: what is asked of one kind of text reads no others.
    db.execute("create index items_kind on items(kind)")


def _has_secure_delete(db: Database) -> bool:
    """FTS5 knows 'secure-delete' since SQLite 3.42."""
    (version,) = db.execute("select sqlite_version()").fetchone()
    return tuple(int(part) for part in version.split(".")) >= (3, 42)


LATEST = 7
"""Number of steps above."""


def migrate(db: Database) -> None:
    """Apply what is missing and note the version. The caller's transaction makes all of it one step, or each is one."""
    MIGRATIONS.apply(db)
    db.execute(f"pragma user_version = {LATEST}")
