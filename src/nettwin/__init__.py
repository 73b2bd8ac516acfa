"""nettwin: a Digital Twin Network."""
