"""Segment routing seen by a search: traffic of any two nodes over links, detours, and the changes that set them."""
