"""Keys that lie with the data: made on first use, for the eyes of their owner only, and the same ever after."""

import errno
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def key_at(path: Path) -> bytes:
    """Return the key in a file, made when there is none yet.

    Raises:
        OSError: it cannot be read or written, or is none, as after a power cut in the midst of making it.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise OSError(errno.EINVAL, "is no key; remove it, and a new one is made", str(path)) from None
        return key
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
