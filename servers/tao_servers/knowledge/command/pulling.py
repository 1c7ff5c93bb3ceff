"""`tao-knowledge pull`."""

import click

from tao_servers.knowledge.command.options import Chosen, in_a_store

__all__ = ["pull"]


@click.command()
@click.argument("model")
@in_a_store
def pull(_: Chosen, *, model: str) -> None:
    """Fetch an embedder or a reranker from the Hugging Face hub, such as BAAI/bge-small-zh-v1.5.

    HF_ENDPOINT names a mirror of the hub. Prints the folder that the model lies in.
    """
    from tao.models.weights import download

    click.echo(str(download(model.removeprefix("sentence-transformers:"))))
