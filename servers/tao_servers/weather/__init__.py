"""weather: forecasts, warnings and places, from several sources."""

__all__ = ["main"]


def main() -> None:
    """Serve, or show weather here; `--help` tells what it takes."""
    import gc

    gc.disable()
    from tao_servers.serving.guard import stray_output_on_stderr

    with stray_output_on_stderr():
        from tao_servers.weather.command import run
    run()
