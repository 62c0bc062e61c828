"""What is kept on disk: journal, rows, outbox, quarantine.

One SQLite database in the data folder (``journal.db``), one process at a time
(``journal.lock``), one writer. ``Journal`` is the way in.
"""
