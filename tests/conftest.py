"""Settings that all tests share; being here, it also makes ``strategies`` importable from every folder of tests."""

import os

from hypothesis import HealthCheck, settings

# Wall-clock deadlines fail on a busy machine and say nothing about the code. Continuous integration judges a change, so it draws
# the same examples for everybody; a developer's machine draws new ones each time.
settings.register_profile(
    "nettwin", deadline=None, max_examples=50, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("nettwin")
