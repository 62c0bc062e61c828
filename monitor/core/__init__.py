"""What decides about buyers: pure, deterministic, without clock, IO, log or await."""
