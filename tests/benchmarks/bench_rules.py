"""How long a check of a large folder of rules takes: 200 rules, 20 calendars, 2,000 shops, 100 scenarios.

Each part is done several times and the median told, in time of the processor. What a floor manager waits for is the
sum, and stays within 2 s.

Run with ``python -m tests.benchmarks.bench_rules``.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

from monitor.policy_files import load
from monitor.policy_files.checking import check
from monitor.policy_files.scenarios import run_all
from monitor.policy_files.where import default_folder

RULES, CALENDARS, SHOPS, SCENARIOS = 200, 20, 2000, 100
TIMES = 5

SCENARIO = """
  - title: chat {n}
    shop: shop-{n}
    happens:
      - {{at: "10:00:00", chat: a, buyer: 有货吗, by: lin}}
      - {{at: "10:00:20", chat: b, buyer: 包邮吗, by: lin}}
      - {{at: "10:02:40", chat: a, agent: 稍等, by: lin}}
      - {{at: "10:03:30", chat: b, agent: 包邮的亲, by: lin}}
      - {{at: "10:04:00", chat: a, agent: 有的，今天发, by: lin}}
      - {{at: "10:05:00", chat: a, buyer: 谢谢, by: lin}}
    expect:
      rounds: [{{chat: a, wait: 160s, held: true}}, {{chat: b, wait: 190s}}, {{chat: a, courtesy: true}}]
      passed: {{at_risk: 1}}
"""


def folder(at: Path) -> Path:
    """Write a folder of rules of that size."""
    shutil.copy(default_folder() / "default.yaml", at)
    shops = "".join(
        f"  - {{shop: shop-{n}, platform: {('taobao', 'jd', 'douyin')[n % 3]}, brand: b{n % 150}}}\n"
        for n in range(SHOPS)
    )
    (at / "shops.yaml").write_text(f"version: 1\nshops:\n{shops}", "utf-8")
    hours = "".join(
        f'  h{n}: {{daily: ["0{n % 8}:00-12:00", "13:00-2{n % 4}:30"], weekly: {{sun: closed}}, '
        f'dates: {{"2026-10-01..2026-10-0{1 + n % 7}": closed}}}}\n'
        for n in range(CALENDARS)
    )
    rules = "".join(
        f"  - {{name: rule {n}, match: {{brand: b{n % 150}, phase: p{n // 150}}}, hours: h{n % CALENDARS}, "
        f"stages: {{slow: {40 + n}s, at_risk: {200 + n}s, lost: {400 + n}s}}, "
        f"steps: [{{at: 60s, to: panel}}, {{at: 120s, to: team, gather: 60s}}]}}\n"
        for n in range(RULES)
    )
    (at / "rules.yaml").write_text(f"version: 1\nhours:\n{hours}shops:\n{rules}", "utf-8")
    (at / "scenarios").mkdir()
    text = "".join(SCENARIO.format(n=n) for n in range(SCENARIOS))
    (at / "scenarios" / "all.yaml").write_text(f"version: 1\nscenarios:\n{text}", "utf-8")
    return at


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of some work."""
    taken = []
    for _ in range(TIMES):
        started = process_time()
        work()
        taken.append(process_time() - started)
    return median(taken)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as top:
        made = folder(Path(top))
        rules = load(made)
        found = check(made, 0)
        assert found.good, [*found.faults, *found.failed][:3]
        assert len(found.tests) == SCENARIOS
        print(f"read and compile  {seconds(lambda: load(made)) * 1000:6.0f} ms")
        print(f"doubts            {seconds(lambda: rules.doubts(0)) * 1000:6.0f} ms")
        print(f"100 scenarios     {seconds(lambda: run_all(rules)) * 1000:6.0f} ms")
        print(f"check in all      {seconds(lambda: check(made, 0)) * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
