"""The sections of ``testbed_accuracy.py``."""
