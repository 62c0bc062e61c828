"""What a suggestion costs, and the judging of a reply; and how soon 2,000 shops' libraries are there.

Time is that of the processor, for the machine is shared; a percentile is over single questions.

Run with ``python -m tests.benchmarks.bench_suggest``.
"""

import gc
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time

from monitor.core.events import Message
from monitor.core.masking import mask
from monitor.core.words import built_in
from monitor.policy_files import words
from monitor.policy_files.phrases import PhraseFiles
from monitor.policy_files.where import default_folder
from monitor.suggest.choosing import Situation, offered
from monitor.suggest.learning import Learned
from monitor.suggest.libraries import Source, made
from monitor.suggest.library import Asked, Library
from monitor.suggest.phrases import Phrase
from monitor.suggest.quality import Judge, nothing
from monitor.suggest.reader import Reader

NOW_MS = 1_795_000_000_000
_THINGS = "连衣裙 羽绒服 沙发 台灯 跑鞋 奶粉 面霜 手机壳 床单 茶叶 耳机 书包 电饭煲 洗发水 童装 牛仔裤 四件套 充电宝"
_ASKS = (
    "有货吗 什么时候发货 能便宜点吗 是什么材质的 尺码怎么选 包邮吗 有几种颜色 质量怎么样 怎么清洗 能开发票吗 "
    "和另一款有什么区别 保修多久 适合送人吗 可以退吗 怎么用 多重"
)
THINGS, ASKS = _THINGS.split(), _ASKS.split()
REPLY = "亲，您好呀，这款面料是纯棉的透气舒适，现在拍下今天就给您安排发货，有问题找我哦"
OPENINGS = ["", "你好\n", "在吗\n在吗\n", "亲，请问一下\n"]


def reader() -> Reader:
    made_of, faults = words.load(default_folder())
    assert not faults
    return made_of


def library(size: int, of: Reader) -> Library:
    """A shop's phrases: for each thing and question several wordings."""
    rng = random.Random(size)
    phrases = []
    for n in range(size):
        thing, ask = rng.choice(THINGS), rng.choice(ASKS)
        text = f"亲，关于{thing}的{n % 97}号说明，您可以看详情页第{n % 13}屏，有{rng.choice(THINGS)}一起拍更划算哦~"
        triggers = (f"{thing}{ask}{n % 31}",)
        phrases.append(Phrase(id=f"p{n}", lang="zh", intent="other", text=text, triggers=triggers))
    layer, _ = PhraseFiles(default_folder()).general_layer()
    return Library([*layer.phrases, *phrases], {}, of)


def questions(count: int) -> list[str]:
    rng = random.Random(1)
    return [rng.choice(OPENINGS) + rng.choice(THINGS) + rng.choice(ASKS) for _ in range(count)]


def percentiles(work: Callable[[str], object], given: list[str]) -> tuple[float, float]:
    """Return median and 99th percentile of single calls, in ms; the best of three for each, as others run too."""
    best = [float("inf")] * len(given)
    for _ in range(3):
        for at, one in enumerate(given):
            began = thread_time()
            work(one)
            best[at] = min(best[at], thread_time() - began)
    best.sort()
    return median(best) * 1e3, best[int(len(best) * 0.99)] * 1e3


def per_call_us(work: Callable[[], object], calls: int = 2_000, passes: int = 9) -> float:
    """Return the cost of a call in µs: the best of some passes."""
    best = float("inf")
    for _ in range(passes):
        began = thread_time()
        for _ in range(calls):
            work()
        best = min(best, (thread_time() - began) / calls)
    return best * 1e6


def shops_start(shops: int, phrases: int, of: Reader) -> tuple[float, float]:
    """Return seconds until the libraries of so many shops are there, and until the first is ready to answer."""
    body = "phrases:\n" + "".join(
        f"  - {{id: p{n}, intent: stock, text: 亲这款{THINGS[n % 18]}有货的{n}, triggers: [{THINGS[n % 18]}有货吗]}}\n"
        for n in range(phrases)
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "quick_replies" / "shops"
        root.mkdir(parents=True)
        for n in range(shops):
            (root / f"shop-{n}.yaml").write_text(body, "utf-8")
        began = perf_counter()
        source = Source(PhraseFiles(Path(folder)), of, lambda _: None)
        started = perf_counter() - began
        began = perf_counter()
        made(source, "shop-7", "")
        return started, perf_counter() - began


def main() -> None:
    """Print the figures."""
    of = reader()
    gc.disable()
    given = questions(2_000)
    for size in (2_000, 20_000):
        shelf, learned = library(size, of), Learned()

        def ask(text: str, shelf: Library = shelf, learned: Learned = learned) -> object:
            asked = Asked(of.read(text), "zh", None, "", {}, NOW_MS, "w")
            return offered(shelf, asked, learned, Situation(slow=True))

        middle, worst = percentiles(ask, given)
        print(f"a question to {size:>6,} phrases: median {middle:.2f} ms, p99 {worst:.2f} ms")
    wording, service, faults = words.load_quality(default_folder(), {"南风": frozenset({"n"})})
    assert not faults
    judge, out = Judge(wording, service), nothing()
    reply = Message(id="m", ts_ms=1, shop="s", conversation="c", role="agent", text=REPLY[:40], agent="a")
    classes = built_in.words_of("agent", "text", reply.text) & 0xFFFFFFFF  # Without its key: as if not said before.

    def judged() -> None:
        judge.take(reply, classes, out)
        out.hits.clear()
        out.tallies.clear()

    lists = per_call_us(lambda: wording.check(REPLY[:40]))
    print(f"a reply of 40 characters judged: {per_call_us(judged):.1f} µs; its words alone {lists:.1f} µs")
    phone = REPLY[:29] + "13812345678"
    plain, found = per_call_us(lambda: mask(REPLY[:40])), per_call_us(lambda: mask(phone))
    print(f"masked: {plain:.1f} µs; with a phone number in it {found:.1f} µs")
    started, ready = shops_start(2_000, 100, of)
    print(f"2,000 shops' libraries known after {started:.2f} s; one of them ready, of 100 phrases, in {ready:.2f} s")


if __name__ == "__main__":
    main()
