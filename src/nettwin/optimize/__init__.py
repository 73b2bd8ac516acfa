"""Optimizers: they look for the changes that satisfy an intent."""
