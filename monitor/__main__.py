"""``python -m monitor`` is the command ``presales-monitor``."""

from monitor.cli import main

main()
