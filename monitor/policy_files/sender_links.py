"""What ``senders.yaml`` says of the other files, and its lines of each other."""

from collections.abc import Iterator, Sequence

from monitor.core.roster import Register
from monitor.core.senders import Sender
from monitor.policy_files.policies import Policies
from monitor.yaml_files import Fault, did_you_mean


def contradictions(senders: Sequence[Sender], register: Register) -> Iterator[Fault]:
    """Yield shops that nobody has written down, where any are."""
    shops = {info.shop for info in register.shops}
    for sender in senders if shops else ():
        for shop in sorted((sender.shops or frozenset()) - shops):
            yield _at(sender, f"{shop} is no shop of the register{did_you_mean(shop, sorted(shops))}")


def doubts(senders: Sequence[Sender], policies: Policies) -> Iterator[Fault]:
    """Yield lines that decide nothing."""
    for at, sender in enumerate(senders):
        other = next((one for one in senders[:at] if _covers(one, sender)), None)
        if other is not None:
            yield _at(sender, f"never asked: {other.rule} stands before it and takes all of it")
    if not any(placed.rule.bot_within for placed in policies.rules) and not policies.base.bot_within_ms:
        for sender in senders:
            if sender.says == "latency":
                yield _at(sender, "latency takes everybody for a person while no rule says bot_within: 3s")


def _covers(one: Sender, other: Sender) -> bool:
    """Whether a line takes every message that a later one could."""
    return (
        one.roles >= other.roles
        and all(
            mine is None or (theirs is not None and mine >= theirs)
            for mine, theirs in ((one.platforms, other.platforms), (one.shops, other.shops))
        )
        and all(
            not mine or (bool(theirs) and set(mine) >= set(theirs))
            for mine, theirs in (
                (one.accounts, other.accounts),
                (one.prefixes, other.prefixes),
                (one.texts, other.texts),
                (one.patterns, other.patterns),
                (one.templates, other.templates),
                (one.kinds, other.kinds),
            )
        )
    )


def _at(sender: Sender, message: str) -> Fault:
    file, _, line = sender.rule.rpartition(":")
    return Fault(file, int(line), 1, message)
