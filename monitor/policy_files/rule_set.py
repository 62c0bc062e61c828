"""A folder of rules, read whole: either all of it is good, or nothing of it is taken.

Each part of the rules has a loader of its own: a module here with

    def load(folder: Path) -> tuple[Value, list[Fault]]

that finds its files with `where.find`, reads them with `yaml_files.read` and gives back what they say with
all that is wrong in them; the value counts only where no loader found a fault. `load` below calls them all.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from msgspec import msgpack

from monitor.core.book import Book
from monitor.core.policy import BUILT_IN, Policy
from monitor.core.roster import Register
from monitor.core.scores.profile import ProfileBook
from monitor.core.senders import Reader
from monitor.hooks.mapping import WebhookMapping
from monitor.policy_files import channels, people, policies, profiles, senders, webhooks, where
from monitor.policy_files.links import contradictions, doubts
from monitor.yaml_files import BadFiles, Fault

# What the rules are made of, and what their hash covers. Tests of the rules and quick replies change no decision, and
# the quick replies of thousands of shops are read when they are needed.
KINDS = (".yaml", ".yml", ".csv", ".txt")
NOT_RULES = ("scenarios", "quick_replies")
FILES_AT_MOST = 2000
READS_AT_MOST = 5  # Files that change while they are read, each time.
FILES_READ = frozenset({*policies.FILES, *people.FILES, *senders.FILES, channels.FILE})


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one folder, ready to be used.

    Attributes:
        folder: where they were read.
        hash: known by this wherever a decision names its rules; equal for equal files.
        text: every file of what decides, by its name in the folder, as it was read.
        own: the names of those that lie in the folder itself; the others are shipped.
        policies: what waits are held against, rule by rule.
        book: the same as the core asks for it.
        register: who is who.
        channels: where alerts go.
        profiles: how each platform counts.
        reader: who speaks in a message, and what its words are.
        webhooks: how other systems' webhooks become events, by name.
    """

    folder: Path
    hash: str
    text: dict[str, bytes]
    own: frozenset[str]
    policies: policies.Policies
    book: Book
    register: Register
    channels: channels.Plan
    profiles: ProfileBook
    reader: Reader
    webhooks: dict[str, WebhookMapping]

    def packed(self) -> bytes:
        """Return all files in one, for the journal to keep."""
        return msgpack.encode(self.text)

    def doubts(self, now_ms: int) -> list[Fault]:
        """Return what is odd in them and yet may be meant: rules that never match, a campaign that has ended."""
        return doubts(self.folder, self.policies, self.register, self.channels, self.profiles, self.reader, now_ms)


def load(folder: Path, base: Policy = BUILT_IN) -> RuleSet:
    """Read a folder of rules; again, where a file changes meanwhile: the hash must be that of what was read.

    Args:
        folder: where they lie.
        base: what holds where they say nothing.

    Raises:
        BadFiles: something is wrong; all faults of all files.
    """
    text = _files(folder)
    for _ in range(READS_AT_MOST):
        made = _read(folder, text, base)
        text = _files(folder)
        if text == made.text:
            return made
    raise BadFiles([Fault(str(folder), 0, 0, "is being written all the time")])


def _read(folder: Path, text: dict[str, bytes], base: Policy) -> RuleSet:
    faults: list[Fault] = []
    register, wrong = people.load(folder)
    faults += wrong
    made, wrong = policies.load(folder, None if faults else register, base)
    faults += wrong
    plan, wrong = channels.load(folder)
    faults += wrong
    scores, wrong = profiles.load(folder)
    faults += wrong
    reader, wrong = senders.load(folder)
    faults += wrong
    hooks, wrong = webhooks.load(folder)
    faults += wrong
    if not faults:
        faults += contradictions(folder, made, register, plan, scores, reader)
    if faults:
        raise BadFiles(faults)
    version = _hash(text)
    own = frozenset(name for name in text if (folder / name).is_file())
    return RuleSet(
        folder, version, text, own, made, made.book(version, register), register, plan, scores, reader, hooks
    )


def _files(folder: Path) -> dict[str, bytes]:
    """Return the files of the folder and, of what it lacks, those of the shipped copy.

    Raises:
        BadFiles: it is no folder of rules, or a file cannot be read.
    """
    if not folder.is_dir():
        raise BadFiles([Fault(str(folder), 0, 0, "is no folder of rules")])
    faults: list[Fault] = []
    found: dict[str, bytes] = {}
    own = {path.name for path in folder.iterdir()}
    for top in (folder, where.default_folder()):
        for path in sorted(top.rglob("*")):
            name = path.relative_to(top)
            shipped = top is not folder
            if path.suffix.lower() not in KINDS or name.parts[0] in NOT_RULES or (shipped and name.parts[0] in own):
                continue
            if any(part.startswith(".") for part in name.parts) or not path.is_file():
                continue
            try:
                found.setdefault(name.as_posix(), path.read_bytes())
            except OSError as error:
                faults.append(Fault(str(path), 0, 0, f"cannot be read: {error.strerror}"))
        if len(found) > FILES_AT_MOST:
            faults.append(Fault(str(folder), 0, 0, f"holds more than {FILES_AT_MOST} files; is it a folder of rules?"))
            break
    if faults:
        raise BadFiles(faults)
    return found


def _hash(text: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, content in sorted(text.items()):
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:16]
