"""get_info: the public pages of one person, by channel."""

__all__ = ["main"]


def main() -> None:
    """Run the server on stdio; `--help` tells what it takes."""
    import gc

    gc.disable()
    from tao_servers.get_info.command import run

    run()
