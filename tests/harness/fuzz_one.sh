#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs one libFuzzer target for a time, beginning with its corpus and dictionary of the source tree.
# Prints "PASS NAME ..." or, with the finding's report, "FAIL NAME ...".
set -u
target=${1:?usage: $0 TARGET ROOT FINDINGS SECONDS}
root=$2
findings=$3
seconds=$4
name=$(basename "$target")
thing=${name#fuzz_}

corpus=$(mktemp -d)
log=$(mktemp)
trap 'rm -rf "$corpus" "$log"' EXIT
set -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	-artifact_prefix="$findings/$name-"
[ -f "$root/tests/fuzz/$thing.dict" ] && set -- "$@" -dict="$root/tests/fuzz/$thing.dict"
set -- "$@" "$corpus"
[ -d "$root/tests/fuzz/corpus/$thing" ] && set -- "$@" "$root/tests/fuzz/corpus/$thing"

if "$target" "$@" >"$log" 2>&1; then
	echo "PASS $name $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs in $seconds s"
else
	tail -n 60 "$log"
	echo "FAIL $name"
fi
