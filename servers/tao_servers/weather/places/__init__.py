"""The place that a text names: a table that ships with the package first, then Open-Meteo's geocoder."""

from tao_servers.weather.places.finding import candidates, find_place, near_names, place_dict
from tao_servers.weather.places.place import Found, Place

__all__ = ["Found", "Place", "candidates", "find_place", "near_names", "place_dict"]
