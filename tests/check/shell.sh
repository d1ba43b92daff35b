#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs shellcheck over every shell script of the project.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

command -v shellcheck >/dev/null || skip "shellcheck is not installed"
list_files "$tmp/files"
cd "$root"
xargs -d '\n' grep -lE '^#!.*\b(sh|bash)$' <"$tmp/files" >"$tmp/scripts" || true
xargs -d '\n' shellcheck -x -P SCRIPTDIR --severity=warning <"$tmp/scripts"
