"""get_info: public pages of a person, profiles of people, teams and products, and the time."""

__all__ = ["main"]


def main() -> None:
    """Run the server; `--help` tells what it takes."""
    import gc

    gc.disable()
    from tao_servers.serving.guard import stray_output_on_stderr

    with stray_output_on_stderr():
        from tao_servers.get_info.command import run
    run()
