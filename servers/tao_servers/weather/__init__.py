"""weather: the forecast for a place, from Open-Meteo."""

__all__ = ["main"]


def main() -> None:
    """Run the server on stdio; `--help` tells what it takes."""
    import gc

    gc.disable()
    from tao_servers.weather.command import run

    run()
