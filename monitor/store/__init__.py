"""What is kept on disk: journal, rows, outbox, quarantine."""
