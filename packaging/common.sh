# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Shared by the scripts of this folder that make packages. Sourced, not run. Scripts below it set $top,
# the top of the sources, before.

program=$(basename "$0" .sh)
top=${top:-$(cd "$(dirname "$0")/.." && pwd)}

die()
{
	echo "$program: $*" >&2
	exit 1
}

# need COMMAND...: what the script cannot do without.
need()
{
	for command in "$@"; do
		command -v "$command" >/dev/null ||
			die "'$command' is missing; packaging/install-deps.sh system installs it"
	done
}

project_version()
{
	sed -n 's/^project(eunomia VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt"
}

# One time for everything that is made of one state of the tree, so that it can be made again.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct 2>/dev/null ||
		stat -c %Y "$top/CMakeLists.txt")
fi
export SOURCE_DATE_EPOCH

# pack ARCHIVE FOLDER ENTRY: a tar.gz with the same bytes for the same files, whoever packs them.
pack()
{
	tar -C "$2" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
		--numeric-owner --mode=u+rw,go+r,go-w,a-s -cf - "$3" | gzip -9n >"$1.part"
	mv "$1.part" "$1"
}

# Files of the project, relative to its top, one a line: of a checkout what git knows or would add,
# of an unpacked archive all but what builds and tests leave behind.
list_sources()
{
	if [ -e "$top/.git" ] && command -v git >/dev/null; then
		git -c safe.directory=* -C "$top" ls-files --cached --others --exclude-standard |
			while IFS= read -r file; do
				[ ! -f "$top/$file" ] || printf '%s\n' "$file"
			done
	else
		(cd "$top" && find . \( -path './build*' -o -name .git -o -name node_modules \
			-o -name __pycache__ \) -prune -o -type f -print | sed 's|^\./||')
	fi
}

# source_archive FOLDER: makes FOLDER/eunomia-VERSION.tar.gz.
source_archive()
{
	name=eunomia-$(project_version)
	stage=$(mktemp -d)
	mkdir -p "$1" "$stage/$name"
	list_sources | tar -C "$top" --files-from=- -cf - | tar -C "$stage/$name" -xf -
	pack "$1/$name.tar.gz" "$stage" "$name"
	rm -rf "$stage"
}
