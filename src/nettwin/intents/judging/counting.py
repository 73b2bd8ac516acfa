"""How many demands keep a clause, as people say it."""


def all_do(n: int) -> str:
    """``all 40 demands do``."""
    return "the only demand does" if n == 1 else f"all {n} demands do"


def some_do_not(n_bad: int, n: int) -> str:
    """``3 of 40 demands do not``."""
    if n == 1:
        return "the only demand does not"
    return f"1 of {n} demands does not" if n_bad == 1 else f"{n_bad} of {n} demands do not"
