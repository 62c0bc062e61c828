"""The tables, as numbered steps that only go forward.

``PRAGMA user_version`` says how many steps a database has been through. A step
is never edited once released: add the next one.

Keys are text, not hashes of text: measured at a million events, a 64-bit key in
place of (shop, id) won 0–20 % of a commit, and cost the UNIQUE constraint that
makes the duplicate rule hold whatever the program does. Rows of conversations
have a number of their own so that those active at one time lie side by side.
"""

import sqlite3
from collections.abc import Sequence

from msgspec import MsgspecError, Raw, Struct, msgpack

from monitor.errors import UsageError
from monitor.store.transaction import transaction

APPLICATION_ID = 0x50534D4A  # "PSMJ", so that another program's database is not taken for ours.

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # One row. The epoch tells the waits of this database from those of any other.
        """CREATE TABLE journal (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            epoch TEXT NOT NULL,
            shard BLOB
        ) STRICT""",
        """CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            shop TEXT NOT NULL,
            id TEXT NOT NULL,
            conversation TEXT,
            ts_ms INTEGER NOT NULL,
            arrived_at_ms INTEGER NOT NULL,
            door TEXT NOT NULL,
            words INTEGER NOT NULL,
            folded INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT""",
        "CREATE UNIQUE INDEX events_once ON events (shop, id)",
        "CREATE INDEX events_of_conversation ON events (shop, conversation) WHERE conversation IS NOT NULL",
        # Every step of the clock, in order: (position, number) grows with each commit.
        """CREATE TABLE commits (
            position INTEGER NOT NULL,
            number INTEGER NOT NULL,
            now_ms INTEGER NOT NULL,
            rules INTEGER NOT NULL,
            saved_position INTEGER NOT NULL,
            PRIMARY KEY (position, number)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE rules (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, text BLOB) STRICT",
        """CREATE TABLE rows (
            number INTEGER PRIMARY KEY,
            shop TEXT NOT NULL,
            conversation TEXT NOT NULL,
            position INTEGER NOT NULL,
            open INTEGER NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (shop, conversation)
        ) STRICT""",
        "CREATE INDEX rows_open ON rows (open) WHERE open = 1",
        """CREATE TABLE rounds (
            wait INTEGER PRIMARY KEY,
            shop TEXT NOT NULL,
            opened_at_ms INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            body BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX rounds_opened ON rounds (opened_at_ms)",
        """CREATE TABLE outbox (
            number INTEGER PRIMARY KEY,
            delivery_id TEXT NOT NULL UNIQUE,
            alert_id TEXT NOT NULL,
            channel TEXT NOT NULL,
            transition TEXT NOT NULL,
            stage TEXT NOT NULL,
            due_at_ms INTEGER NOT NULL,
            decided_at_ms INTEGER NOT NULL,
            expires_at_ms INTEGER NOT NULL,
            body BLOB NOT NULL,
            state TEXT NOT NULL DEFAULT 'pending',
            attempts INTEGER NOT NULL DEFAULT 0,
            next_at_ms INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX outbox_pending ON outbox (next_at_ms) WHERE state = 'pending'",
        "CREATE INDEX outbox_of_alert ON outbox (alert_id)",
        """CREATE TABLE attempts (
            delivery INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            sent_at_ms INTEGER,
            answered_at_ms INTEGER,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (delivery, attempt)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE quarantine (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            at_ms INTEGER NOT NULL,
            door TEXT NOT NULL,
            source TEXT NOT NULL,
            place INTEGER NOT NULL,
            path TEXT NOT NULL,
            error TEXT NOT NULL,
            reason TEXT NOT NULL,
            body BLOB NOT NULL,
            length INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            resent_at_ms INTEGER
        ) STRICT""",
        """CREATE TABLE tokens (
            name TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL UNIQUE,
            shops TEXT,
            created_at_ms INTEGER NOT NULL,
            revoked_at_ms INTEGER
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # Rows, rounds and events name the policy that held for them by its number, for as long as they are kept.
        "CREATE TABLE policies (number INTEGER PRIMARY KEY, rules INTEGER NOT NULL, body BLOB NOT NULL) STRICT",
        "ALTER TABLE events ADD COLUMN policy INTEGER NOT NULL DEFAULT 0",
    ),
    (
        # Who may see which part of the floor, and what they may do there.
        "ALTER TABLE tokens ADD COLUMN teams TEXT",
        "ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'admin'",
    ),
    (
        # What became of suggested replies. Told twice under one offer it counts once.
        """CREATE TABLE suggestion_feedback (
            number INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            shop TEXT NOT NULL,
            offer TEXT,
            intent TEXT NOT NULL,
            phrase TEXT NOT NULL,
            outcome TEXT NOT NULL,
            position INTEGER NOT NULL,
            weight REAL NOT NULL,
            agent TEXT NOT NULL,
            distance REAL NOT NULL,
            send_ms INTEGER NOT NULL,
            UNIQUE (offer, phrase, outcome)
        ) STRICT""",
        "CREATE INDEX suggestion_feedback_at ON suggestion_feedback (at_ms)",
        """CREATE TABLE suggestion_tallies (
            shop TEXT NOT NULL,
            intent TEXT NOT NULL,
            phrase TEXT NOT NULL,
            offers REAL NOT NULL,
            picked INTEGER NOT NULL,
            edited INTEGER NOT NULL,
            ignored INTEGER NOT NULL,
            send_ms INTEGER NOT NULL,
            PRIMARY KEY (shop, intent, phrase)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # The alert log, and the trail of what was done to each.
        """CREATE TABLE alerts (
            number INTEGER PRIMARY KEY,
            alert TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            platform TEXT NOT NULL,
            shop TEXT NOT NULL,
            team TEXT NOT NULL,
            agent TEXT,
            since_ms INTEGER NOT NULL,
            raised_at_ms INTEGER,
            limit_at_ms INTEGER,
            first_claimed_at_ms INTEGER,
            ended_at_ms INTEGER,
            outcome TEXT,
            updated_at_ms INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX alerts_open ON alerts (number) WHERE ended_at_ms IS NULL",
        "CREATE INDEX alerts_raised ON alerts (raised_at_ms)",
        """CREATE TABLE alert_acts (
            alert TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            by TEXT NOT NULL,
            what TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX alert_acts_of ON alert_acts (alert)",
    ),
    (
        # What many messages to people were merged into is a delivery itself; each of them names it.
        "ALTER TABLE outbox ADD COLUMN digest TEXT",
        "CREATE INDEX outbox_of_digest ON outbox (digest) WHERE digest IS NOT NULL",
        # How much was tried on a channel, by hour: budgets of a month outlive what is pruned.
        """CREATE TABLE channel_use (
            channel TEXT NOT NULL,
            hour_ms INTEGER NOT NULL,
            tries INTEGER NOT NULL,
            PRIMARY KEY (channel, hour_ms)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # Scores: the sums of finished days, up to which day all are there, and the platforms' own figures.
        """CREATE TABLE score_days (
            day INTEGER NOT NULL,
            dim TEXT NOT NULL,
            shop TEXT NOT NULL,
            name TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (day, dim, shop, name)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE score_through (one INTEGER PRIMARY KEY CHECK (one = 1), day INTEGER NOT NULL) STRICT",
        """CREATE TABLE official (
            day INTEGER NOT NULL,
            shop TEXT NOT NULL,
            account TEXT NOT NULL,
            profile TEXT NOT NULL,
            value REAL,
            hits INTEGER,
            total INTEGER,
            loaded_at_ms INTEGER NOT NULL,
            PRIMARY KEY (day, shop, account, profile)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # What was not seen of a shop by an account; shifts as they were kept; the sums of people's days.
        """CREATE TABLE gaps (
            source TEXT NOT NULL,
            account TEXT NOT NULL,
            shop TEXT NOT NULL,
            from_ms INTEGER NOT NULL,
            to_ms INTEGER,
            reason TEXT NOT NULL,
            filled INTEGER NOT NULL,
            decided_at_ms INTEGER NOT NULL,
            PRIMARY KEY (shop, account, source, from_ms)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX gaps_from ON gaps (from_ms)",
        """CREATE TABLE shifts (
            person TEXT NOT NULL,
            starts_at_ms INTEGER NOT NULL,
            ends_at_ms INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (person, starts_at_ms)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX shifts_end ON shifts (ends_at_ms)",
        """CREATE TABLE person_days (
            day TEXT NOT NULL,
            person TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (day, person)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # What was judged of the service's words, and up to which event.
        """CREATE TABLE quality_hits (
            number INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            day TEXT NOT NULL,
            shop TEXT NOT NULL,
            team TEXT NOT NULL,
            agent TEXT NOT NULL,
            conversation TEXT NOT NULL,
            message TEXT NOT NULL,
            rule TEXT NOT NULL,
            level TEXT NOT NULL,
            start_at INTEGER NOT NULL,
            end_at INTEGER NOT NULL,
            word TEXT NOT NULL,
            UNIQUE (shop, conversation, message, rule, start_at)
        ) STRICT""",
        "CREATE INDEX quality_hits_day ON quality_hits (day)",
        """CREATE TABLE quality_counts (
            day TEXT NOT NULL,
            shop TEXT NOT NULL,
            team TEXT NOT NULL,
            agent TEXT NOT NULL,
            what TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (day, shop, team, agent, what)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE quality_state (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL) STRICT",
    ),
    (
        # How far words and names have been forgotten: of most chats, and of those with an alert.
        """CREATE TABLE retention (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            events_to INTEGER NOT NULL DEFAULT 0,
            rounds_to_ms INTEGER NOT NULL DEFAULT 0,
            flagged_to INTEGER NOT NULL DEFAULT 0,
            flagged_rounds_to_ms INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
        "INSERT INTO retention (one) VALUES (1)",
        "CREATE INDEX alerts_of_chat ON alerts (shop, json_extract(CAST(body AS TEXT), '$.conversation'))",
    ),
    (
        # What a restart must know of telling: until when a channel is left alone, and a rush that goes on.
        """CREATE TABLE channel_rest (
            channel TEXT PRIMARY KEY,
            until_ms INTEGER NOT NULL,
            reason TEXT NOT NULL,
            opened INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE storm (one INTEGER PRIMARY KEY CHECK (one = 1), body BLOB NOT NULL) STRICT",
    ),
    (
        # Decisions that words are judged by, until nothing hangs on them any more.
        """CREATE TABLE quality_owed (
            number INTEGER PRIMARY KEY,
            commit_number INTEGER NOT NULL,
            position INTEGER NOT NULL,
            shop TEXT NOT NULL,
            conversation TEXT NOT NULL,
            message TEXT NOT NULL,
            kind TEXT NOT NULL,
            judged INTEGER NOT NULL DEFAULT 0,
            body BLOB NOT NULL
        ) STRICT""",
    ),
    (
        # The audit trail: what people did, among millions of events of chat.
        "CREATE INDEX events_by_hand ON events (position) WHERE door = 'api'",
    ),
    (
        # What is to be forgotten or pruned is found without a look at all that was already, or is not yet.
        "CREATE INDEX outbox_words ON outbox (decided_at_ms) WHERE state != 'pending' AND length(body) > 2",
        "CREATE INDEX alerts_named ON alerts (ended_at_ms) "
        "WHERE substr(json_extract(CAST(body AS TEXT), '$.conversation'), 1, 1) != '~'",
        "CREATE INDEX quality_hits_words ON quality_hits (at_ms) WHERE word != ''",
        "CREATE INDEX rows_closed ON rows (position) WHERE open = 0",
    ),
    (
        # Whose chats they are that go by another id than their buyer's; and of which other those are part whose buyer
        # turned out to be another. They are looked for by buyer in shops where that happens alone (`keyed`): to keep
        # the index takes as long again as to write a new row.
        "ALTER TABLE rows ADD COLUMN buyer TEXT",
        "ALTER TABLE rows ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE rows ADD COLUMN merged_into TEXT",
        "CREATE INDEX rows_of_buyer ON rows (shop, buyer) WHERE keyed = 1",
        "CREATE INDEX rows_merged ON rows (shop, merged_into) WHERE merged_into IS NOT NULL",
    ),
    (
        # Up to where all that came late is in the sums of the days it is of: a start looks on from there.
        "CREATE TABLE score_looked (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL) STRICT",
        # What is over, by when: found without a look at what is not. Worded so that who prunes takes it, and nobody who
        # looks for those with words: to SQLite, both would do.
        "CREATE INDEX outbox_settled ON outbox (decided_at_ms) WHERE NOT state = 'pending'",
        "CREATE INDEX alerts_over ON alerts (updated_at_ms) WHERE ended_at_ms IS NOT NULL",
    ),
    (
        # The same of rows that were there before it was written beside them.
        "UPDATE rows SET buyer = name_in(body, 0) WHERE buyer IS NULL AND name_in(body, 0) IS NOT NULL",
        "UPDATE rows SET merged_into = name_in(body, 1) WHERE merged_into IS NULL AND name_in(body, 1) IS NOT NULL",
    ),
)


class _Named(Struct, array_like=True):
    """The first fields of a row, as far as they tell whose it is; see `core.conversation`."""

    shop: str
    id: str
    buyer: str | None
    number: int
    feed: int
    state: Raw
    log: Raw
    logged: int


_named = msgpack.Decoder(_Named)


def _name_in(row: bytes, merged: int) -> str | None:
    """Return the buyer a row names; with ``merged``, the conversation it says that it is part of."""
    try:
        found = _named.decode(row)
    except MsgspecError:
        return None
    return found.buyer if (found.logged < 0) == bool(merged) else None


def migrate(db: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring a database to the newest step, each step whole or not at all.

    Raises:
        UsageError: it was written by a newer program, or is not ours.
    """
    db.create_function("name_in", 2, _name_in, deterministic=True)
    done = -1
    while done < len(migrations):
        with transaction(db):  # Before it is looked at: two programs may start on a new folder at once.
            done = _looked_at(db, len(migrations))
            if done < len(migrations):
                for statement in migrations[done]:
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {done + 1}")


def _looked_at(db: sqlite3.Connection, known: int) -> int:
    """Return how many steps a database has been through, or raise UsageError if it is none for us."""
    (done,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (done or tables) and application != APPLICATION_ID:
        raise UsageError("journal.db was not written by this program; take another folder with --data")
    if done > known:
        raise UsageError(
            f"journal.db was written by a newer version (schema {done}, this program knows {known}); "
            "run that version, or take another folder with --data"
        )
    version: int = done
    return version
