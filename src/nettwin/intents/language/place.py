"""Where in a document something stands; worked out only for an error."""

from dataclasses import dataclass, field

from nettwin.formats.yaml.places import Places


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The steps to a value: keys and positions."""

    places: Places = field(default_factory=lambda: Places("intent"))
    steps: tuple[str | int, ...] = ()

    def inside(self, step: str | int) -> "Place":
        """The place of a part."""
        return Place(self.places, (*self.steps, step))

    def __str__(self) -> str:
        return self.places.of(*self.steps) if self.steps else self.places.where
