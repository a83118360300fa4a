"""How long an example of Hypothesis takes is the machine's affair, on CI and elsewhere."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
