"""What can be an id or a name.

Nothing is remembered here: `str.isprintable` costs less than a look into a table of
what has been seen, and the few shops, accounts and agents of a million waits are kept
once by the core, which keeps them.
"""

import re

from monitor.wire.batch import ID_CHARS, Refused

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_id(value: str, path: str) -> None:
    """Refuse what cannot be an id.

    Args:
        value: the id.
        path: where it stands in its event, like ``rows[0].buyer``.

    Raises:
        Refused: it is longer than 512 characters or holds a control character.
    """
    if len(value) > ID_CHARS:
        raise Refused("id", f"$.{path}", f"has {len(value)} characters, an id has at most {ID_CHARS}")
    if not value.isprintable():  # Which is said of more than control characters: joiners, private use, wide spaces.
        found = _CONTROL.search(value)
        if found:
            raise Refused("id", f"$.{path}", f"holds the control character U+{ord(found[0]):04X}, which no id may hold")
