"""What weather says when it has no answer."""

__all__ = ["WeatherError"]


class WeatherError(Exception):
    """There is no answer; the text, for a model to read, says what was seen and what to do next."""
