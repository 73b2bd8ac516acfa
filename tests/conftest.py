"""Settings that all tests share; being here, it also makes ``strategies`` importable from every folder of tests."""

from hypothesis import HealthCheck, settings

# Wall-clock deadlines fail on a busy machine and say nothing about the code.
settings.register_profile("nettwin", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nettwin")
