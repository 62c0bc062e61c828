"""The ladder that the rules ship with, and a policy that has it."""

from msgspec.structs import replace

from monitor.core.policy import BUILT_IN, Step

LADDER = replace(
    BUILT_IN,
    steps=(
        Step(30_000, "panel"),
        Step(90_000, "popup"),
        Step(120_000, "team", gather_ms=60_000),
        Step(150_000, "lead", if_unclaimed=True),
        Step(180_000, "digest"),
        Step(300_000, "console"),
    ),
    promise_steps=(Step(180_000, "panel"), Step(300_000, "popup"), Step(600_000, "lead")),
    greeting_steps=(Step(60_000, "panel"),),
    courtesy_steps=(Step(0, "panel"), Step(150_000, "popup")),
    bot="holds",
)
