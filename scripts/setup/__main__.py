"""Makes this clone ready: `scripts/setup run` for the house, `scripts/setup test` for the tests.

The standard library alone, because nothing is installed yet. What is ready already costs nothing:
each step has a stamp with the hash of what it was made from.
"""

from __future__ import annotations

import sys

import debian
import steps
from show import Failed, say


def main(profile: str) -> int:
    """Run the steps that are not done; the exit status."""
    try:
        if profile == "test":
            debian.provide_for_tests()
        waiting = [step for step in steps.of(profile) if not step.done()]
        debian.require(dict.fromkeys(tool for step in waiting for tool in step.tools))
        for step in waiting:
            step.run()
    except Failed as failure:
        say(str(failure), loud=True)
        return 1
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here", loud=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
