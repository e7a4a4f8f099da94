"""The table of docs/reliability.md: every fault done to real processes, and what was seen.

    python -m benchmarks.reliability [--small] [--only NAME …] [--write]

Exits with 1 if an item was lost, hung, or scored otherwise than in a quiet run. `--write` puts the table into the page.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from benchmarks.faults.scenarios import FULL, SCENARIOS, SMALL, Seen, Sizes, services

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- table -->\n", "<!-- end of table -->\n"
_NOT_DONE = "not done here"


async def rows(names: list[str], sizes: Sizes) -> dict[str, Seen]:
    """Do the faults one after the other; what could not be done is a row too."""
    found: dict[str, Seen] = {}
    with services() as service_of:
        for name in names:
            started = time.monotonic()
            try:
                service = service_of(SCENARIOS[name])
                service.keep()
                service.wait_ready()
                found[name] = await SCENARIOS[name].do(service, sizes)
            except FileNotFoundError as error:
                found[name] = Seen(_NOT_DONE, str(error), True)
            except (RuntimeError, TimeoutError, AssertionError) as error:
                found[name] = Seen("failed", repr(error), False)
            seen = found[name]
            took = time.monotonic() - started
            print(f"{'ok  ' if seen.held else 'FAIL'} {name} ({took:.0f} s): {seen.seen}", flush=True)
    return found


def table(found: dict[str, Seen]) -> str:
    lines = ["| fault | what was done | what was seen | held |", "|---|---|---|---|"]
    lines += [f"| {name} | {s.done} | {s.seen} | {_held(s)} |" for name, s in found.items()]
    return "\n".join(lines) + "\n"


def _held(seen: Seen) -> str:
    if seen.done == _NOT_DONE:
        return "–"
    return "yes" if seen.held else "**no**"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="as in the tests")
    parser.add_argument("--only", nargs="+", choices=list(SCENARIOS), default=list(SCENARIOS))
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    given = parser.parse_args()
    found = asyncio.run(rows(given.only, SMALL if given.small else FULL))
    text = table(found)
    print(text)
    if given.write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(_BEGIN)
        PAGE.write_text(f"{before}{_BEGIN}{text}{_END}{rest.partition(_END)[2]}", "utf-8")
    sys.exit(not all(seen.held for seen in found.values()))


if __name__ == "__main__":
    main()
