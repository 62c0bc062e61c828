import os

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing of the rule it proves. The same examples in every
# run, with nothing left over from the run before; with a TEST_SEED in the environment, others each time.
settings.register_profile(
    "tests",
    deadline=None,
    derandomize="TEST_SEED" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")
