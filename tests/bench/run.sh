#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures eunomia against bare libbpf and Debian's tools, in turns within one run, and prints medians
# and ratios as a table. Times never make it fail; a program that fails does.
# EUNOMIA_BENCH_ONLY=NAME measures one row only (bench_NAME of bench.py).
#   tests/bench/run.sh [--short] [BUILD_DIR]     BUILD_DIR: a release build, default ./build-release
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)

short=
[ "${1:-}" = --short ] && short=--short && shift
build=$(cd "${1:-$top/build-release}" && pwd)
[ "$(id -u)" = 0 ] || {
	echo "SKIP: bench: only root may load BPF programs"
	exit 77
}
export EUNOMIA_SOURCE_DIR="$top" EUNOMIA_BUILD_DIR="$build" PYTHONPATH="$top/tests/harness"
exec /usr/bin/python3 -B "$top/tests/bench/bench.py" $short \
	${EUNOMIA_BENCH_ONLY:+--only "$EUNOMIA_BENCH_ONLY"}
