"""weather: the forecast for a place, from Open-Meteo."""

__all__ = ["main"]


def main() -> None:
    """Run the server; `--help` tells what it takes."""
    import gc

    gc.disable()
    from tao_servers.serving.guard import stray_output_on_stderr

    with stray_output_on_stderr():
        from tao_servers.weather.command import run
    run()
