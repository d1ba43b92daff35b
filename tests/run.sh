#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every test that this machine can run, on Debian 12 or 13; says what was skipped and why. The
# last line is "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed.
#
# Stages, each in a build tree of its own:
#   sanitize  clang, ASan + UBSan: the suites unit, kernel, e2e, check
#   release   gcc, hardened, warnings are errors: unit, the packages on machines with real systemd
#             (system), the kernel tests on other kernels in emulated machines (vm), and the
#             benches in a short form
#   tsan      clang, TSan: what runs on more than one thread
#   fuzz      clang, libFuzzer + ASan: each target for EUNOMIA_FUZZ_SECONDS (default 60)
set -euo pipefail

usage()
{
	cat <<'END'
usage: tests/run.sh [--suite NAME]... [--quick] [--system]
  --suite NAME  unit, kernel, e2e, check, system, vm, bench, tsan or fuzz; may be repeated
                (default: all)
  --quick       unit, kernel and check only
  --system      as --suite system: the packages in containers with real systemd
END
}

top=$(cd "$(dirname "$0")/.." && pwd)
jobs=$(nproc)
suites=()
while [ $# -gt 0 ]; do
	case $1 in
	--suite)
		case ${2:-} in
		unit | kernel | e2e | check | system | vm | bench | tsan | fuzz) suites+=("$2") ;;
		*) usage >&2 && exit 2 ;;
		esac
		shift
		;;
	--quick) suites+=(unit kernel check) ;;
	--system) suites+=(system) ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
[ ${#suites[@]} -gt 0 ] || suites=(unit kernel e2e check system vm bench tsan fuzz)

wants()
{
	local suite
	for suite in "${suites[@]}"; do
		[ "$suite" = "$1" ] && return 0
	done
	return 1
}

# Everything under its own limit, so that a hang ends as a failure with a name.
export CTEST_OUTPUT_ON_FAILURE=1
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:suppressions=$top/tests/harness/tsan.supp}

work=$(mktemp -d)
mounts=()
clean_up()
{
	local i
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
		umount "${mounts[i]}" || echo "run: could not unmount ${mounts[i]}"
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

stage()
{
	printf '\n== %s (%d min %02d s)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60))
}

# One row of the total: passed, failed or skipped, a name, and for a skip the reason.
record()
{
	printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$work/results"
}

# mount_if_missing TYPE MAGIC FOLDER: what a chroot of a bare root file system lacks. MAGIC is the
# type as stat(1) names it.
mount_if_missing()
{
	[ "$(stat -f -c %T "$3" 2>/dev/null)" != "$2" ] && [ "$(id -u)" = 0 ] || return 0
	if mount -t "$1" "$1" "$3"; then
		mounts+=("$3")
		echo "run: mounted $1 at $3 for the time of the tests"
	else
		echo "run: could not mount $1 at $3; tests that need it will say so"
	fi
}

configure_and_build()
{
	local tree=$top/build-$1 log=$work/build-$1.log
	shift
	if ! { cmake -S "$top" -B "$tree" -G Ninja -DEUNOMIA_WERROR=ON "$@" && ninja -C "$tree"; } \
		>"$log" 2>&1; then
		tail -n 60 "$log"
		record failed "build $(basename "$tree")"
		return 1
	fi
	record passed "build $(basename "$tree")"
}

# run_ctest STAGE LABELS [ARGUMENT...]: ctest's own list, and its results for the total.
run_ctest()
{
	local tree=$top/build-$1 labels=$2 junit=$work/$1-${2//|/-}.xml
	shift 2
	ctest --test-dir "$tree" -L "^($labels)\$" -j "$jobs" --timeout 300 --no-tests=error \
		--test-output-size-passed 200000 --test-output-size-failed 200000 \
		--output-junit "$junit" "$@" || true
	"$top/tests/harness/report.py" "$(basename "$tree")" "$junit" >>"$work/results" ||
		record failed "$(basename "$tree"): ctest gave no results"
}

join()
{
	local IFS='|'
	echo "$*"
}

# any_of SUITE...: those that are wanted, in $labels; fails if there are none.
any_of()
{
	local suite
	labels=()
	for suite in "$@"; do
		wants "$suite" && labels+=("$suite")
	done
	[ ${#labels[@]} -gt 0 ]
}

# run_suites TREE TITLE SUITE...: the wanted ones, together, in a tree that is built.
run_suites()
{
	local tree=$1 title=$2 labels
	shift 2
	any_of "$@" || return 0
	stage "$tree: $title: ${labels[*]}"
	run_ctest "$tree" "$(join "${labels[@]}")"
}

run_sanitize()
{
	local labels
	any_of unit kernel e2e check || return 0
	stage "sanitize: ASan + UBSan, clang"
	configure_and_build asan -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
		-DEUNOMIA_SANITIZE=address,undefined || return 0
	run_suites asan "sanitized" unit kernel e2e check
}

# Emulated machines wait for a processor, containers for each other's boot: they run side by side.
run_release()
{
	local labels
	any_of unit system vm bench || return 0
	stage "release: gcc, -Werror, hardened"
	configure_and_build release -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release || return 0
	run_suites release "without sanitizers" unit
	run_suites release "packages with real systemd, other kernels in emulation" system vm
	if wants bench; then
		stage "bench: short form, ratios only"
		if "$top/tests/bench/run.sh" --short "$top/build-release"; then
			record passed "bench"
		else
			record failed "bench"
		fi
	fi
}

run_tsan()
{
	wants tsan || return 0
	stage "tsan: what runs on more than one thread, clang"
	configure_and_build tsan -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
		-DEUNOMIA_SANITIZE=thread || return 0
	run_ctest tsan 'unit|kernel|e2e' -R '/(.*(job|sink|journal|engine|slot|agent|service|watch).*|packages|lifecycle|survival)$'
}

# Each target for its time, as many at once as there are cores. Findings stay in the build tree.
run_fuzz()
{
	wants fuzz || return 0
	local seconds=${EUNOMIA_FUZZ_SECONDS:-60} tree=$top/build-fuzz
	stage "fuzz: each target for $seconds s, clang"
	configure_and_build fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		-DEUNOMIA_FUZZ=ON -DEUNOMIA_TESTS=OFF -DEUNOMIA_TRACKERS=OFF \
		-DEUNOMIA_SANITIZE=address,undefined || return 0
	find "$tree/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x | sort >"$work/targets"
	if [ ! -s "$work/targets" ]; then
		record failed "fuzz: no targets were built"
		return 0
	fi
	mkdir -p "$tree/findings"
	xargs -P "$jobs" -I '{}' "$top/tests/harness/fuzz_one.sh" '{}' "$top" "$tree/findings" \
		"$seconds" <"$work/targets" | tee "$work/fuzzed" || true
	while IFS= read -r target; do
		target=$(basename "$target")
		if grep -qx "PASS $target .*" "$work/fuzzed"; then
			record passed "fuzz $target"
		else
			record failed "fuzz $target"
		fi
	done <"$work/targets"
}

total()
{
	local passed failed skipped
	passed=$(grep -c '^passed' "$work/results" || true)
	failed=$(grep -c '^failed' "$work/results" || true)
	skipped=$(grep -c '^skipped' "$work/results" || true)
	stage "summary"
	awk -F '\t' '$1 == "skipped" { print "skipped: " $2 ": " $3 }' "$work/results" | sort -u
	awk -F '\t' '$1 == "failed" { print "FAILED: " $2 }' "$work/results"
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

cd "$top"
: >"$work/results"
stage "installing what building and testing need"
sets=(test)
for suite in bench system; do
	if wants "$suite"; then
		sets+=("$suite")
	fi
done
"$top/packaging/install-deps.sh" "${sets[@]}"
mount_if_missing tracefs tracefs /sys/kernel/tracing
mount_if_missing bpf bpf_fs /sys/fs/bpf

run_sanitize
run_release
run_tsan
run_fuzz
total
