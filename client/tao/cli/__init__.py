"""The `agent` command: the only place that prints or exits."""

__all__ = ["main"]


def main() -> None:
    """Run `agent`; exit codes: 0 answered, 1 no answer, 2 usage or configuration, 3 model or server, 130."""
    import gc

    # Start-up allocates much and frees little: without collections it is faster.
    gc.disable()
    from tao.cli.command import run

    run()
