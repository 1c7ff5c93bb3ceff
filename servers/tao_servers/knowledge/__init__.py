"""knowledge: search in the user's own documents."""

__all__ = ["main"]


def main() -> None:
    """Serve, or take in documents; `--help` tells what it takes."""
    import gc
    import os

    gc.disable()
    # Read when numpy loads. The threads of its pool spin while they wait for each other: beside a busy
    # model, one query took 600 ms with two of them, and takes 3 ms with one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from tao_servers.serving.guard import stray_output_on_stderr

    with stray_output_on_stderr():
        from tao_servers.knowledge.command import cli
    cli()
