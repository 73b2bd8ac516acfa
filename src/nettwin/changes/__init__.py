"""Changes: what may happen to a scenario, by intent or by accident."""
