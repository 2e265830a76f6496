#!/usr/bin/env bash
# What the action runs: its inputs come in CONFORMANCE_*, so that none is ever part of a command line that a shell reads.
set -uo pipefail

report=${CONFORMANCE_REPORT:-conformance-report}
if [ -z "${CONFORMANCE_COMMAND:-}" ]; then
  environment=$(mktemp -d)/venv
  "${CONFORMANCE_PYTHON:-python3}" -m venv "$environment" || exit 5
  "$environment/bin/python" -m pip install --quiet "$CONFORMANCE_KIT" || exit 5
  CONFORMANCE_COMMAND=$environment/bin/tinker-conformance
fi

if [ -n "${CONFORMANCE_SDK:-}" ] && [ -n "${CONFORMANCE_SERVER_URL:-}" ]; then
  echo "Error: both sdk and server-url are given; give only one of them" >&2
  exit 2
elif [ -n "${CONFORMANCE_SERVER_URL:-}" ]; then
  arguments=(server --url "$CONFORMANCE_SERVER_URL" --report "$report")
  if [ -n "${CONFORMANCE_BASE_MODEL:-}" ]; then arguments+=(--base-model "$CONFORMANCE_BASE_MODEL"); fi
  if [ "${CONFORMANCE_QUICK:-false}" = true ]; then arguments+=(--quick); fi
else
  arguments=(run --sdk "${CONFORMANCE_SDK:?one of the inputs sdk and server-url is needed}" --report "$report")
  if [ -n "${CONFORMANCE_PROFILE:-}" ]; then arguments+=(--profile "$CONFORMANCE_PROFILE"); fi
fi
if [ -n "${CONFORMANCE_KNOWN_FAILURES:-}" ]; then arguments+=(--known-failures "$CONFORMANCE_KNOWN_FAILURES"); fi
if [ -n "${CONFORMANCE_AS_OF:-}" ]; then arguments+=(--as-of "$CONFORMANCE_AS_OF"); fi
if [ "${CONFORMANCE_STRICT:-false}" = true ]; then arguments+=(--strict); fi

code=0
"$CONFORMANCE_COMMAND" "${arguments[@]}" || code=$?

if [ -f "$report/summary.md" ]; then cat "$report/summary.md" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"; fi
{
  echo "exit-code=$code"
  if [ -f "$report/index.html" ]; then
    echo "page=$report/index.html"
    echo "summary=$report/summary.md"
    echo "report=$report"
  fi
} >> "${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
