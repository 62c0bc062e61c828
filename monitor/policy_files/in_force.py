"""The rules in force while the service runs: read, checked, swapped; on a fault the last good ones stay.

They are read again when somebody asks (a signal, the API) and when a file of the folder changes. Reading happens
beside the loop; the swap between two of the engine's turns, by whoever `on_change` names. Who cannot take them raises
before anything of them is in force. Waits that are open keep
the policy they opened with.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from watchfiles import awatch

from monitor.core.policy import BUILT_IN, Policy
from monitor.errors import StoreUnavailable, UsageError
from monitor.policy_files.chinese import told
from monitor.policy_files.explain import explained
from monitor.policy_files.rule_set import RuleSet, load
from monitor.wire import instant_text
from monitor.yaml_files import BadFiles, Fault

log = logging.getLogger(__name__)

SETTLE_MS = 500  # An editor writes a file in several steps; several files are copied one after the other.
SECOND_LOOK_SECONDS = 1.0  # What is wrong may only be half written.
LOST_FOLDER_SECONDS = 5.0  # Between two looks at whether the folder is still the one that is watched.

Taker = Callable[[RuleSet], Awaitable[None]]


class RulesInForce:
    """The rules of one folder, in a running service.

    Args:
        rules: those it starts with.
        why: why it is this folder.
        now_ms: the time.
        base: what holds where the rules say nothing.

    Attributes:
        rules: those in force.
        since_ms: since when.
        doubts: what is odd in them.
        faults: why the files as they are now are not in force; empty: they are.
        failed_at_ms: when that was seen; None: nothing is wrong.
    """

    def __init__(self, rules: RuleSet, *, why: str, now_ms: Callable[[], int], base: Policy = BUILT_IN) -> None:
        self.rules = rules
        self.why = why
        self.since_ms = now_ms()
        self.doubts = rules.doubts(now_ms())
        self.faults: list[Fault] = []
        self.failed_at_ms: int | None = None
        self._now_ms = now_ms
        self._base = base
        self._takers: list[Taker] = []
        self._noted: list[Callable[[RulesInForce], None]] = []
        self._turn = asyncio.Lock()

    def on_change(self, taker: Taker) -> None:
        """Hand new rules to ``taker``, after those that asked before it."""
        self._takers.append(taker)

    def on_reload(self, note: Callable[["RulesInForce"], None]) -> None:
        """Call ``note`` after each time the files were read, whatever came of it."""
        self._noted.append(note)

    async def reload(self, *, second_look: bool = False) -> bool:
        """Read the files again and take them if they are good.

        Args:
            second_look: look again a moment later before calling them wrong.

        Returns:
            Whether they are good; if not, `faults` says why.
        """
        async with self._turn:
            try:
                fresh, doubts = await self._checked(second_look)
                if fresh.hash != self.rules.hash:
                    for take in self._takers:
                        await take(fresh)
                    self.since_ms = self._now_ms()
                    log.info("rules %s are in force, from %s", fresh.hash, fresh.folder)
                    for name in sorted(self.rules.own - fresh.own):
                        log.warning("%s is gone from the folder of rules; the shipped one holds, if there is one", name)
            except (BadFiles, StoreUnavailable, UsageError) as error:
                folder = str(self.rules.folder)
                self.faults = error.faults if isinstance(error, BadFiles) else [Fault(folder, 0, 0, str(error))]
                self.failed_at_ms = self._now_ms()
                log.error("the rules in %s are not taken; those of %s stay in force", folder, self.rules.hash)
                for fault in self.faults:
                    log.error("%s", fault)
            else:
                self.rules, self.doubts, self.faults, self.failed_at_ms = fresh, doubts, [], None
            for note in self._noted:
                note(self)
            return not self.faults

    async def _checked(self, second_look: bool) -> tuple[RuleSet, list[Fault]]:
        """Return the rules of the folder and what is odd in them.

        Raises:
            BadFiles: they are wrong, or something in them is more than we can read: no reason to end the service.
        """
        try:
            fresh = await self._read(second_look)
            return fresh, await asyncio.to_thread(fresh.doubts, self._now_ms())
        except BadFiles:
            raise
        except Exception as error:
            folder, why = str(self.rules.folder), getattr(error, "strerror", None) or type(error).__name__
            log.exception("the rules in %s: a fault of ours", folder)
            raise BadFiles([Fault(folder, 0, 0, f"cannot be read: {why}")]) from error

    async def _read(self, second_look: bool) -> RuleSet:
        folder = self.rules.folder
        if second_look:
            try:
                fresh = await asyncio.to_thread(load, folder, self._base)
                if self.rules.own <= fresh.own:
                    return fresh
                # What is gone may be about to be put in its place; the shipped file must not hold for that moment.
            except (BadFiles, OSError):  # Half written, or gone while we read.
                pass
            await asyncio.sleep(SECOND_LOOK_SECONDS)
        return await asyncio.to_thread(load, folder, self._base)

    async def watch(self) -> None:
        """Reload whenever a file of the folder changes or another folder is put in its place, until cancelled."""
        while True:
            watched = _identity(self.rules.folder)
            try:
                changes = awatch(
                    self.rules.folder,
                    debounce=SETTLE_MS,
                    rust_timeout=round(LOST_FOLDER_SECONDS * 1000),
                    yield_on_timeout=True,
                )
                async with aclosing(changes):
                    async for changed in changes:
                        if changed:
                            await self.reload(second_look=True)
                        if _identity(self.rules.folder) != watched:
                            break  # The system goes on watching the one that was moved away.
            except OSError as error:  # The folder is gone: a new one is perhaps put in its place.
                log.warning("the folder of rules cannot be watched: %s", error)
            await asyncio.sleep(LOST_FOLDER_SECONDS)
            if self.rules.folder.is_dir():
                await self.reload(second_look=True)

    def explain(
        self, shop: str, platform: str | None, *, buyer: str | None = None, reply: str | None = None
    ) -> dict[str, Any]:
        """Return what holds for a wait of a shop that opens now, as ``explain --json`` prints it."""
        now_ms = self._now_ms()
        return explained(
            self.rules,
            platform=platform,
            shop=shop,
            phase=None,
            at_ms=now_ms,
            until_ms=None,
            buyer=buyer,
            reply=reply,
        )

    def as_json(self) -> dict[str, Any]:
        """Return how the rules stand, for pages and people."""
        return {
            "rules_version": self.rules.hash,
            "folder": str(self.rules.folder),
            "why": self.why,
            "since": instant_text(self.since_ms),
            "failed_at": None if self.failed_at_ms is None else instant_text(self.failed_at_ms),
            "good": not self.faults,
            "errors": list(map(told, self.faults)),
            "warnings": list(map(told, self.doubts)),
        }


def first_rules(folder: Path, base: Policy = BUILT_IN) -> RuleSet:
    """Return the rules of a folder, to start with or to ask.

    Raises:
        UsageError: they are wrong; says each fault.
    """
    try:
        return load(folder, base)
    except BadFiles as bad:
        lines = "\n".join(f"  {fault}" for fault in bad.faults)
        raise UsageError(f"the rules cannot be used:\n{lines}") from None


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another of its name; None: there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
