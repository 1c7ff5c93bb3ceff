"""Reads one file in a process of its own, and prints what came of it as a JSON line.

`python -m benchmarks.documents.one FILE [--no-ocr]`. The peak is that of the whole process, with Python
and the libraries; `base_mb` is what the process had before it read anything.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tao_servers.knowledge.loading import Options, RefusedError, read


def main() -> None:
    """Read the file that the command line names."""
    path = Path(sys.argv[1])
    options = Options(ocr=False if "--no-ocr" in sys.argv else None)
    base, begun = _peak(), time.perf_counter()
    result: dict[str, Any]
    try:
        document = read(path, name=path.name, options=options)
    except RefusedError as exc:
        result = {"refused": str(exc)}
    else:
        result = {
            "text": document.text,
            "pages": len(document.pages),
            "headings": len(document.headings),
            "tables": len(document.tables),
            "title": document.title,
            "unread": document.unread,
        }
    result |= {"seconds": time.perf_counter() - begun, "peak_mb": _peak(), "base_mb": base}
    print(json.dumps(result))


def _peak() -> float:
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    main()
