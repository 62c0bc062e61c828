"""Which chats are open with whom: those with a word in the last ten minutes.

Kept as chats are spoken in, so that who has room is known without a look at every
conversation. A chat is in the queue once, at its word of then; when that is ten
minutes ago and it was spoken in since, it is put in again at its last word.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from msgspec import Struct

from monitor.core.presence import PRESENT_MS, Worker


class Chat(Struct, array_like=True, gc=False):
    """One open chat."""

    shop: str
    conversation: str
    person: str
    at_ms: int  # Its last word.
    queued_ms: int


class Load:
    """All open chats of one tracker.

    Args:
        worker: gives the worker of a name, made if need be.
    """

    def __init__(self, worker: Callable[[str], Worker]) -> None:
        self._worker = worker
        self._chats: dict[tuple[str, str], Chat] = {}
        self._queue: list[tuple[int, str, str]] = []  # (queued_ms, shop, conversation), a heap.

    def spoken(self, shop: str, conversation: str, person: str, at_ms: int) -> bool:
        """Note a word in a chat that a person has; return whether it is one more for them."""
        key = (shop, conversation)
        chat = self._chats.get(key)
        if chat is not None and chat.person == person:
            if at_ms > chat.at_ms:
                self._worker(person).today.chats_ms += min(at_ms - chat.at_ms, PRESENT_MS)
                chat.at_ms = at_ms
            return False
        if chat is None:
            self._chats[key] = Chat(shop, conversation, person, at_ms, at_ms)
            heappush(self._queue, (at_ms, shop, conversation))
        else:
            self._leave(chat, at_ms)
            chat.person = person
            if at_ms > chat.at_ms:
                chat.at_ms = at_ms
        worker = self._worker(person)
        worker.chats = chats = worker.chats + 1
        if chats > worker.today.most_chats:
            worker.today.most_chats = chats
        return True

    def closed(self, shop: str, conversation: str, at_ms: int) -> str | None:
        """Note that a chat is closed; return whose it was."""
        chat = self._chats.pop((shop, conversation), None)
        if chat is None:
            return None
        self._leave(chat, at_ms)
        return chat.person  # It stays in the queue and is passed over there.

    def expire(self, now_ms: int) -> set[str]:
        """Let go of chats with no word for ten minutes; return whose they were."""
        freed: set[str] = set()
        queue = self._queue
        while queue and queue[0][0] + PRESENT_MS < now_ms:
            queued_ms, shop, conversation = heappop(queue)
            chat = self._chats.get((shop, conversation))
            if chat is None or chat.queued_ms != queued_ms:
                continue  # Closed, and perhaps opened anew since.
            if chat.at_ms + PRESENT_MS < now_ms:
                del self._chats[shop, conversation]
                self._leave(chat, chat.at_ms + PRESENT_MS)
                freed.add(chat.person)
            else:
                chat.queued_ms = chat.at_ms
                heappush(queue, (chat.queued_ms, shop, conversation))
        return freed

    def _leave(self, chat: Chat, at_ms: int) -> None:
        worker = self._worker(chat.person)
        worker.chats -= 1
        if at_ms > chat.at_ms:
            worker.today.chats_ms += min(at_ms - chat.at_ms, PRESENT_MS)

    def next_ms(self) -> int | None:
        """Return when one may expire at the earliest; None: there is none."""
        return self._queue[0][0] + PRESENT_MS + 1 if self._queue else None

    def chats(self) -> list[Chat]:
        """Return all of them, for saving."""
        return list(self._chats.values())

    def restore(self, chats: list[Chat]) -> None:
        """Take back what was saved; the workers' counts were saved with them."""
        self._chats = {(chat.shop, chat.conversation): chat for chat in chats}
        self._queue = [(chat.queued_ms, chat.shop, chat.conversation) for chat in chats]
        heapify(self._queue)
