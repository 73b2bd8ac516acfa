"""What the twin is used for: each application composes scenarios, changes, predictors and performances."""
