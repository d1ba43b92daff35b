#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that the checks bite: each row below plants one breach in a tree of its own and expects the
# named check to fail and to say so; the same tree without the breach must pass.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# A small tree that every check passes.
plant_clean()
{
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/lib/include/eunomia" "$tree/lib/base" "$tree/lib/object" "$tree/lib/engine" \
		"$tree/proto/rpc" "$tree/agent" "$tree/ctl" "$tree/bpf/trackers/a"
	for header in lib/include/eunomia/engine.h lib/include/eunomia/error.h lib/base/buf.h \
		lib/object/object.h proto/rpc/server.h agent/conn.h; do
		echo '/* SPDX-License-Identifier: Apache-2.0 */' >"$tree/$header"
	done
	for source in lib/base/buf.c lib/object/object.c lib/engine/slot.c proto/rpc/server.c \
		agent/conn.c agent/service.c ctl/output.c; do
		echo '/* SPDX-License-Identifier: Apache-2.0 */' >"$tree/$source"
	done
	echo '// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause' >"$tree/bpf/trackers/a/a.bpf.c"
	printf '#include <eunomia/engine.h>\n#include "base/buf.h"\n#include "object/object.h"\n' \
		>>"$tree/lib/engine/slot.c"
	printf '#include "conn.h"\n#include "rpc/server.h"\n' >>"$tree/agent/conn.c"
	printf '#include <eunomia/engine.h>\n#include "rpc/server.h"\n' >>"$tree/agent/service.c"
	plant_packaging
}

# Packages of version 1.2.3, whose library has one symbol.
plant_packaging()
{
	licence='# SPDX-License-Identifier: Apache-2.0'
	mkdir -p "$tree/packaging/debian" "$tree/packaging/rpm" "$tree/packaging/arch"
	printf '%s\n' "$licence" 'project(eunomia VERSION 1.2.3 LANGUAGES C)' >"$tree/CMakeLists.txt"
	echo 'eunomia (1.2.3) unstable; urgency=medium' >"$tree/packaging/debian/changelog"
	printf '%s\n' "$licence" 'Version: 1.2.3' >"$tree/packaging/rpm/eunomia.spec"
	printf '%s\n' "$licence" 'pkgver=1.2.3' >"$tree/packaging/arch/PKGBUILD"
	printf '%s\nEUNOMIA_1 {\n\t\teun_a;\n' '/* SPDX-License-Identifier: Apache-2.0 */' \
		>"$tree/lib/libeunomia.map"
	printf '%s\n' "$licence" ' eun_a@EUNOMIA_1 1.2.3' \
		>"$tree/packaging/debian/libeunomia0.symbols"
}

# bites CHECK FILE LINE SAID: with LINE at the end of FILE, CHECK fails and prints SAID.
bites()
{
	plant_clean
	if ! said=$("$here/$1.sh" "$tree" 2>&1); then
		echo "$1 fails on a clean tree: $said"
		failures=$((failures + 1))
		return
	fi
	printf '%s\n' "$3" >>"$tree/$2"
	if said=$("$here/$1.sh" "$tree" 2>&1); then
		echo "$1 does not see '$3' in $2"
		failures=$((failures + 1))
	elif ! printf '%s' "$said" | grep -q -- "$4"; then
		echo "$1 says '$said' of '$3' in $2, not '$4'"
		failures=$((failures + 1))
	fi
}

bites layers lib/base/buf.c '#include "object/object.h"' 'lib/base may not include lib/object'
bites layers lib/object/object.c '#include "rpc/server.h"' 'lib/object may not include proto/rpc'
bites layers proto/rpc/server.c '#include <eunomia/engine.h>' 'proto may not include'
bites layers proto/rpc/server.c '#  include "object/object.h"' 'proto may not include lib/object'
bites layers agent/conn.c '#include "object/object.h"' 'agent may not include lib/object'
bites layers agent/conn.c '#include <eunomia/engine.h>' 'engine and wire meet'
bites layers agent/conn.c '#include <bpf/libbpf.h>' 'behind the door of libbpf'
bites layers agent/conn.c '#include <nghttp2/nghttp2.h>' 'behind the door of nghttp2'
bites layers lib/base/buf.c '#include <uv.h>' 'behind the door of libuv'
bites layers lib/engine/slot.c '#include <systemd/sd-journal.h>' 'behind the door of libsystemd'
bites layers agent/conn.c '#include "eunomia/v1/eunomia.pb-c.h"' 'behind the door of pb-c'
bites layers ctl/output.c '#include <eunomia/engine.h>' 'ctl may not include'
bites layers ctl/output.c '#include "conn.h"' 'is no header of the project'
bites layers lib/engine/slot.c '#include "../object/object.h"' 'path with ../'
bites spdx agent/new.c 'int x;' "agent/new.c: licence is 'missing'"
bites spdx bpf/trackers/a/b.bpf.c '// SPDX-License-Identifier: Apache-2.0' 'b.bpf.c: licence'
bites packaging packaging/arch/PKGBUILD 'pkgver=1.2.4' "not '1.2.3' as in CMakeLists.txt"
bites packaging lib/libeunomia.map '		eun_b;' '< eun_b@EUNOMIA_1'
bites words agent/conn.c "/* TO""DO */" 'unfinished mark'
bites words agent/conn.c '/* see /w''ork/x */' 'machine path'
bites words agent/conn.c '	strcpy(a, b);' 'unbounded call'
bites words agent/conn.c '	tm = localtime(&now);' 'not thread-safe'
[ "$failures" -eq 0 ]
