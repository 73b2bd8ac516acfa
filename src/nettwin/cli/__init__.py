"""The command line: a thin edge, one file per command."""
