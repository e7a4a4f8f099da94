#!/usr/bin/env bash
# Makes an environment with the real trainers, apart from the service's: several GB with torch, a few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${TRAINERS_VENV:-.venv-trainers}
PIP="$VENV/bin/python -m pip install -q --disable-pip-version-check"

[ -x "$VENV/bin/python" ] || "${PYTHON:-python3}" -m venv "$VENV"
$PIP "$(grep '^torch==' requirements-trainers.txt)"
$PIP -r requirements-trainers.txt
# Their own requirements ask for GPUs; what is run of them here needs none of those.
$PIP --no-deps openrlhf==0.11.2 verl==0.9.1 ms-swift==4.6.0
# The last verifiers with a Rubric, beside the newer one.
[ -d "$VENV/verifiers-0.1/verifiers" ] || $PIP --no-deps --target "$VENV/verifiers-0.1" verifiers==0.1.14
$PIP --no-deps -e client
