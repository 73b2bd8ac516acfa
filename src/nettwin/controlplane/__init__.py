"""What the routers would do: (topology, routing policy) -> routing."""
