"""Distances on the map and how long light in a fibre takes for them."""

import math

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the WGS 84 ellipsoid."""
FIBRE_SPEED_M_PER_S = 2e8
"""Light in glass of refractive index 1.5: 5 microseconds per kilometre."""

Position = tuple[float, float]
"""Longitude and latitude in degrees."""


def great_circle_m(first: Position, second: Position) -> float:
    """Distance of two positions along the surface (haversine formula)."""
    (lon_1, lat_1), (lon_2, lat_2) = (tuple(map(math.radians, position)) for position in (first, second))
    haversine = math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, haversine)))


def fibre_delay_of_length_s(length_m: float) -> float:
    """Propagation delay of a fibre."""
    return length_m / FIBRE_SPEED_M_PER_S


def fibre_delay_s(first: Position, second: Position) -> float:
    """Propagation delay of a fibre that runs straight between two positions."""
    return fibre_delay_of_length_s(great_circle_m(first, second))
