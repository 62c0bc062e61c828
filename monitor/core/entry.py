"""One thing that happened in a conversation, as the fold sees it: what it is, who spoke, what came before.

Times are integer milliseconds since the epoch, UTC.
"""

from typing import final

from msgspec import Struct

from monitor.core.quick_structs import quick_to_set

# What an entry is: a code in the low four bits, flags in the next four, and above them the number of the policy that
# was in force for it. A million open waits hold a million of these: CPython shares the integers below 256, and the
# others are taken from tables (`entries.Marks`).
BUYER, HUMAN, BOT, HANDED_OFF, HOLDER, CLOSED_BY_BUYER, CLOSED, RECALL, DISMISS, LISTED, UNLISTED = range(11)
CODE = 15
KIND = 255  # The code with its flags.
POLICY_SHIFT = 8
POLITE = 16  # buyer: polite words only
NO_ANSWER = 32  # buyer: the platform says no reply is needed
B_GREETING = 64  # buyer: a greeting only
OPENED = 128  # buyer, hand-off: once opened a wait, which is known by this entry's number since
ASKS = 16  # human: asks something
HOLDS = 32  # human: little is left without its holding words
GREETS = 64  # human: a greeting only
BY_LATENCY = 128  # human: a bot if it came too soon after the buyer's words
LOST_IT = 16  # bot: says that it did not understand


@final
class Who(Struct, frozen=True, array_like=True, gc=False, tag=0):
    """Who answers, and under which account of the platform."""

    agent: str | None
    account: str | None


@final
class Extra(Struct, frozen=True, array_like=True, gc=False, tag=1):
    """What few entries carry."""

    seq: int | None = None  # The platform's own order among equal instants.
    promised_ms: int = 0  # "within ten minutes"
    text_key: int = 0  # Equal for the same question again; kept where a bot holds.
    target: str = ""  # The id of the message that is recalled.
    wait: int = 0  # The number of the wait that is dismissed.
    since_ms: int = 0  # Since when the buyer waits, as a list says.
    who: Who | None = None
    giver: Who | None = None  # Who passes the chat on, as the transfer says.


@quick_to_set
class Entry(Struct, array_like=True, gc=False):
    """One thing that happened in a conversation.

    Entries are chained, newest first: adding one touches no other, where a longer
    and longer tuple would be copied, and each entry in it with its count of
    references fetched into the cache, on every message.
    """

    ts_ms: int
    number: int  # Its place in the journal: the order of arrival.
    id: str
    what: int
    more: Who | Extra | None = None  # One field for both: with a seventh an entry would be a quarter larger.
    before: "Entry | None" = None  # The one before it in its stretch of the log.

    @property
    def who(self) -> Who | None:
        """Who speaks, or who is written to."""
        more = self.more
        return more.who if type(more) is Extra else more

    @property
    def extra(self) -> Extra | None:
        """What few entries carry; None for most."""
        more = self.more
        return more if type(more) is Extra else None


def order(entry: Entry) -> tuple[int, float, int]:
    """Return the sort key of an entry: time, then the platform's ``seq`` where given, then arrival."""
    extra = entry.extra
    return (entry.ts_ms, -1 if extra is None or extra.seq is None else extra.seq, entry.number)
