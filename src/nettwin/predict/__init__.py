"""How we answer: predictors, one folder per engine, and wrappers around them."""
