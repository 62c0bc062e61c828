from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing of the rule it proves.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
