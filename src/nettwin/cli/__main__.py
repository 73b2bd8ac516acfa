"""``python -m nettwin.cli``."""

from nettwin.cli.main import main

main()
