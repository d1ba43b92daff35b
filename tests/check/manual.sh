#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages of the build tree hold all that the tables of the programs have, name each other
# rightly, and are clean by mandoc, groff and lexgrog; the documents hold what the tables say; the
# client's help and the completion scripts agree with them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
build=${2:?usage: $0 ROOT BUILD_DIR}
pages=$build/docs/man
tables=$pages/tables.tsv
ctl=$build/ctl/eunomiactl

[ -f "$tables" ] || skip "$build has no manual pages (EUNOMIA_DOCS=OFF)"

# plain FILE: a page without its markup.
plain()
{
	sed 's/\\f[BIR]//g; s/\\[%:]//g; s/\\-/-/g; s/\\(aq/'"'"'/g; s/\\&//g' "$1"
}

# column KIND N: the Nth column of the rows of a kind.
column()
{
	awk -F '\t' -v kind="$1" -v n="$2" '$1 == kind { print $n }' "$tables"
}

# wants PAGE: says which lines of its input do not begin a line of the page.
wants()
{
	if [ ! -f "$pages/$1" ]; then
		echo "$1: there is no such page"
		return
	fi
	plain "$pages/$1" >"$tmp/plain"
	while IFS= read -r line; do
		awk -v line="$line" 'index($0, line) == 1 { found = 1 } END { exit !found }' \
			"$tmp/plain" || echo "$1 lacks: $line"
	done
}

check_contents()
{
	column agent-option 2 | wants eunomiad.8
	column key 3 | sed 's/$/=/' | wants eunomiad.conf.5
	column tracker-key 2 | while IFS= read -r key; do
		plain "$pages/eunomia-trackers.d.5" | grep -q "\b$key=" ||
			echo "eunomia-trackers.d.5 lacks: $key="
	done
	column verb 2 | wants eunomiactl.1
	sed -n 's/^\t*\(eun_[a-z0-9_]*\);$/\1/p' "$root/lib/libeunomia.map" |
		while IFS= read -r symbol; do
			plain "$pages/libeunomia.3" | grep -q "\b$symbol(" || echo "libeunomia.3 lacks: $symbol()"
		done
	column verb 2 | while IFS= read -r verb; do
		awk -F '\t' -v verb="$verb" '$1 == "option" && $2 == verb {
			print ($4 == "" ? "" : "-" $4 ", ") "--" $3 ($5 == "" ? "" : " " $5) }' "$tables" |
			wants "eunomiactl-$verb.1"
	done
	for prose in "$root"/docs/man/eunomiactl-*.1.md; do
		verb=$(basename "$prose" .1.md)
		column verb 2 | grep -qx "${verb#eunomiactl-}" || echo "$prose: there is no such verb"
	done
}

# The same tables, seen through the programs.
check_programs()
{
	column agent-option 2 | while IFS= read -r option; do
		"$build/agent/eunomiad" --help | grep -q -- "^  $option " || echo "eunomiad --help lacks $option"
	done
	"$ctl" completion bash >"$tmp/bash"
	"$ctl" completion zsh >"$tmp/zsh"
	"$ctl" completion fish >"$tmp/fish"
	column verb 2 | while IFS= read -r verb; do
		"$ctl" help "$verb" >"$tmp/help"
		"$ctl" "$verb" --help | cmp -s "$tmp/help" - ||
			echo "'help $verb' and '$verb --help' differ"
		grep -q "^eunomiactl $verb: " "$tmp/help" || echo "'help $verb' does not name it"
		# One branch of the script for each verb, its options within.
		awk -v verb="$verb)" '$1 == verb { found = 1 } found && /_words/ { print; exit }' \
			"$tmp/bash" >"$tmp/bash.verb"
		awk -v verb="$verb)" '$1 == verb { found = 1 } found { print } found && /;;/ { exit }' \
			"$tmp/zsh" >"$tmp/zsh.verb"
		grep "verb_is \"$verb\"' " "$tmp/fish" >"$tmp/fish.verb" || true
		awk -F '\t' -v verb="$verb" '$1 == "option" && $2 == verb { print $3 }' "$tables" |
			while IFS= read -r option; do
				grep -q -- "--$option\b" "$tmp/help" || echo "'help $verb' lacks --$option"
				grep -q -- " --$option\b" "$tmp/bash.verb" || echo "bash: $verb lacks --$option"
				grep -q -- "--$option\b" "$tmp/zsh.verb" || echo "zsh: $verb lacks --$option"
				grep -q -- " -l $option " "$tmp/fish.verb" || echo "fish: $verb lacks --$option"
			done
	done
}

# Every NAME(N) of ours that a page mentions is a page.
check_references()
{
	for page in "$pages"/*.[1-9]; do
		plain "$page" | grep -oE '\b(lib)?eunomia[a-z.-]*\([0-9]\)' | sort -u |
			while IFS= read -r reference; do
				name=${reference%(*}.${reference#*(}
				[ -f "$pages/${name%)}" ] || echo "${page##*/}: there is no $reference"
			done
	done
}

# What the converter makes of each kind of text.
check_converter()
{
	LC_ALL=C awk -f "$root/docs/man/roff.awk" -v name=thing -v section=1 -v date=2026-11-21 \
		-v source=eunomia "$root/tests/data/manual.md" |
		diff -u "$root/tests/data/manual.golden" - >"$tmp/diff" || {
		echo "docs/man/roff.awk makes something else of tests/data/manual.md"
		grep '^[-+]' "$tmp/diff"
	}
}

check_documents()
{
	prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")
	for document in configuration eunomiactl; do
		LC_ALL=C awk -f "$root/docs/man/expand.awk" -v mode=document -v root="$root" -v prefix="$prefix" \
			"$tables" "$root/docs/$document.md" >"$tmp/document"
		diff -u "$root/docs/$document.md" "$tmp/document" >"$tmp/diff" && continue
		echo "docs/$document.md is not what the tables say: build eunomia_update_documents"
		grep '^[-+]' "$tmp/diff"
	done
}

check_form()
{
	for page in "$pages"/*.[1-9]; do
		name=$(basename "$page" | sed 's/\.[1-9]$//')
		mandoc -T lint -W warning "$page" || true
		man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null | sed "s|^|${page##*/}: |"
		lexgrog "$page" >"$tmp/said" || true
		grep -q "\"$name - " "$tmp/said" || echo "${page##*/}: lexgrog says: $(cat "$tmp/said")"
	done
}

{
	check_contents
	check_programs
	check_references
	check_converter
	check_documents
} >"$tmp/all"
tools=yes
for tool in mandoc man lexgrog groff; do
	command -v $tool >/dev/null || tools=
done
[ -z "$tools" ] || check_form >>"$tmp/all"
cat "$tmp/all"
[ ! -s "$tmp/all" ] || exit 1
[ -n "$tools" ] || skip "mandoc, man-db or groff is not installed: the pages' form was not checked"
