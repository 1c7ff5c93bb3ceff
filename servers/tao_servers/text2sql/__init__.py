"""text2sql: what is in a SQLite database, and answers to read-only SQL."""

__all__ = ["main"]


def main() -> None:
    """Run the server; `--help` tells what it takes."""
    import gc

    gc.disable()
    from tao_servers.serving.guard import stray_output_on_stderr

    with stray_output_on_stderr():
        from tao_servers.text2sql.command import run
    run()
