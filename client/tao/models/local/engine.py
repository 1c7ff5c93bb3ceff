"""llama.cpp inside this process."""

from pathlib import Path
from typing import Any

from tao.models.local import machine

__all__ = ["LlamaEngine"]

_SLOTS = 2
_CONTEXT_TOKENS = 8192
_PROMPT_CACHE_MIB = 512
_LOG_WARNINGS = 2


class LlamaEngine:
    """Serves one GGUF file on a free port of 127.0.0.1, with two slots of 8,192 tokens."""

    def __init__(self, weights: Path, *, name: str, key: str) -> None:
        self._weights = weights
        self._name = name
        self._key = key
        self._server: Any = None

    def start(self) -> str:
        """Load the weights; returns the base URL.

        xllamacpp keeps the interpreter's lock meanwhile: no other thread of this process runs until the end.
        It lets go of it while it generates.

        Raises:
            RuntimeError: llama.cpp refused; its reasons are on stderr.
        """
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.model_alias = {self._name}
        params.n_ctx = _SLOTS * _CONTEXT_TOKENS
        params.n_parallel = _SLOTS
        params.cpuparams.n_threads = machine.physical_cores()
        params.cpuparams_batch.n_threads = machine.physical_cores()
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [self._key]
        params.use_jinja = True
        params.ui = False
        params.endpoint_slots = True
        params.endpoint_metrics = True
        params.cache_ram_mib = _PROMPT_CACHE_MIB
        params.verbosity = _LOG_WARNINGS
        if not _has_gpu(xllamacpp.get_device_info()):
            params.n_gpu_layers = 0
            # Fitting to the devices' memory reads the model once more: 7 s instead of 2 s for the 1.5B.
            params.fit_params = False
        self._server = xllamacpp.Server(params)
        return f"{self._server.listening_address}/v1"


def _has_gpu(devices: list[dict[str, Any]]) -> bool:
    return any("GPU" in device["type"].name for device in devices)
