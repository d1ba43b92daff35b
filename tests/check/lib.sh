# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Shared by the checks: which files there are, and how a check ends. Sourced, not run.
# A check is called as CHECK ROOT [BUILD_DIR]; it exits 0, 1 (breaches were printed) or 77 (skipped).

root=$(cd "${1:?usage: $0 ROOT [BUILD_DIR]}" && pwd)

# Files of the project, relative to its root, one a line; without git (a tarball) all but build trees.
list_files()
{
	cd "$root" || exit 1
	git ls-files --cached --others --exclude-standard 2>/dev/null |
		while IFS= read -r file; do [ -f "$file" ] && printf '%s\n' "$file"; done >"$1"
	[ -s "$1" ] || find . -name .git -prune -o -path './build*' -prune -o -name node_modules -prune \
		-o -name __pycache__ -prune -o -type f -print | sed 's|^\./||' >"$1"
}

skip()
{
	echo "SKIP: $*"
	exit 77
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
