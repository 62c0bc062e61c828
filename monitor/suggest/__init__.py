"""Words for agents: what buyers of open waits have said, what could be answered, how well it was answered."""
