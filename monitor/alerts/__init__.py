"""From decisions to people: the outbox, its delivery, the channels."""
