"""What a language of the simulator is made of: who says what, and what it is meant as.

The truth needs what is *meant*: an answer asks nothing, a `Probe` asks, courtesy wants no reply.
"""

from typing import NamedTuple


class Probe(NamedTuple):
    """A question the agent asks back, and what buyers say to it."""

    ask: str
    replies: tuple[str, ...]


class Intent(NamedTuple):
    """One thing buyers want to know: how they ask (bubble by bubble), and what fits each of these as an answer.

    Attributes:
        goods: the categories whose buyers ask this; empty: all.
    """

    asks: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    probes: tuple[Probe, ...] = ()
    goods: tuple[str, ...] = ()


class Language(NamedTuple):
    """All that is said in one language; ``{slots}`` are filled from the buyer and the shop's goods."""

    intents: dict[str, Intent]  # By name.
    more: tuple[str, ...]  # Said after an answer, in a bubble of its own.
    openings: tuple[str, ...]  # Said before the question, or alone.
    nudges: tuple[str, ...]  # Said by who has waited.
    courtesy: tuple[tuple[str, ...], ...]  # At the end, or after "one moment".
    holding: tuple[str, ...]
    promises: tuple[tuple[str, int], ...]  # A holding reply that names its time, in seconds.
    greetings: tuple[str, ...]  # By the agent, and nothing else in it.
    closings: tuple[str, ...]  # By the agent, after the buyer's thanks.
    sorry: tuple[str, ...]  # Begins an answer that took long.
    welcome: tuple[str, ...]  # Automatic.
    away: tuple[str, ...]  # Automatic, nobody on duty.
    bot_answers: tuple[str, ...]
    bot_lost: tuple[str, ...]  # The bot says that it did not understand.
    want_person: tuple[str, ...]
    transfer_note: tuple[str, ...]  # System line in the chat.
    notes: tuple[str, ...]  # Among colleagues; the buyer does not see them.
    bought: tuple[str, ...]  # By the buyer, after ordering; wants an answer.
    bought_answers: tuple[str, ...]
    items: dict[str, tuple[str, ...]]  # By category of goods.

    def about(self, category: str) -> tuple[Intent, ...]:
        """Return what buyers of such goods ask."""
        return tuple(intent for intent in self.intents.values() if not intent.goods or category in intent.goods)
