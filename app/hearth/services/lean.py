"""Imported first by programs that run many times over: leaves out what only a terminal needs.

httpx loads Rich, Pygments and Click for a command line of its own wherever they can be imported,
2 MB in every pod.
"""

import sys

sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None makes its import fail
