#!/usr/bin/env bash
# The R1 recipe's data, from nothing to a mixed set for fine-tuning; docs/recipe.md tells it step by step.
# ROLLOUTS="a.jsonl b.jsonl" names stored rollouts to select from; OUT is the folder for everything.
set -euo pipefail
cd "$(dirname "$0")/.."
ASSAY=${ASSAY:-.venv/bin/assay}
OUT=${OUT:-.assay/recipe}
SHARED=${ASSAY_SHARED:-../shared}

if [ -z "${ROLLOUTS:-}" ]; then
  if [ -d "$SHARED/rollouts" ]; then ROLLOUTS="$SHARED/rollouts/gsm8k.jsonl $SHARED/rollouts/qwen_math100.jsonl"
  else ROLLOUTS=app/data/demo.jsonl; fi
fi

echo "1. Cold start: problems with exact answers, chains of thought, verified"
"$ASSAY" coldstart --count "${COUNT:-2000}" --seed 0 --out "$OUT/coldstart.jsonl"

echo "2. Re-score stored rollouts: rewards, pass rates, report"
# shellcheck disable=SC2086 # a list of files
"$ASSAY" rescore $ROLLOUTS --rubric r1 --out "$OUT/rescored"

echo "3. Prompts for RL: those that the model gets right sometimes"
# shellcheck disable=SC2086
"$ASSAY" sample $ROLLOUTS --out "$OUT/rl-prompts" --min-pass 0.1 --max-pass 0.9 --choose first

echo "4. Rejection sampling: right, readable, no duplicates; mixed with other data 3 to 1"
# shellcheck disable=SC2086
"$ASSAY" sample $ROLLOUTS --out "$OUT/sft" -k 2 --choose diverse --mix examples/recipe/other.jsonl

echo "Everything is in $OUT: coldstart.jsonl, sft/sft.jsonl, rescored/report.html, sft/funnel.html"
