#!/usr/bin/env bash
# Makes the virtual environment and installs the service, its client and the tools, pinned by requirements.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}

# A version manager's shim may exist for a Python that does not: only running it tells.
suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  if suitable "$candidate"; then found=$candidate; break; fi
done
if [ -z "${found:-}" ]; then
  echo "assay: needs Python 3.11 or newer, and found none. Name one: make setup PYTHON=/path/to/python3.12" >&2
  exit 1
fi
PYTHON=$found

# as_root COMMAND...: run it with root's rights, or say that it could not be.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
  else return 1; fi
}

if ! "$PYTHON" -m venv --help >/dev/null 2>&1 || ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
  echo "assay: this Python has no venv/ensurepip; installing it" >&2
  (as_root apt-get update -q && as_root apt-get install -y -q python3-venv) ||
    { echo "assay: install your system's python3-venv package, then run this again" >&2; exit 1; }
fi

[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
"$VENV/bin/python" -m pip install -q --disable-pip-version-check -c requirements.txt -e client -e '.[dev]'
# Commands start in half the time where their bytecode is there, also for users whose Python writes none.
"$VENV/bin/python" -m compileall -q app client sandbox
# Where there is a C compiler, programs start faster by a launcher that is compiled once.
"$VENV/bin/python" -c 'from sandbox.backends.native import library; library()'
