#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what lies beside it, replaces an earlier version, or removes it again.
set -eu

usage()
{
	cat <<'END'
usage: ./install.sh [--prefix DIR] [--destdir DIR] [--uninstall]
  --prefix DIR   where it goes (default: /usr/local)
  --destdir DIR  put in front of every path; nothing of the running system is touched
  --uninstall    stop the agent and remove what was installed; configuration in /etc/eunomia and
                 state in /var/lib/eunomia stay
END
}

die()
{
	echo "install: $*" >&2
	exit 1
}

prefix=/usr/local
destdir=
mode=install
while [ $# -gt 0 ]; do
	case $1 in
	--prefix | --destdir)
		case ${2:-} in
		*[!A-Za-z0-9/._+-]*) die "'$2' has characters that a unit's path cannot have" ;;
		/*) ;;
		*) usage >&2 && exit 2 ;;
		esac
		[ "$1" = --prefix ] && prefix=${2%/} || destdir=${2%/}
		shift
		;;
	--uninstall) mode=uninstall ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done

here=$(cd "$(dirname "$0")" && pwd)
manifest=$destdir$prefix/lib/eunomia/manifest
# systemd looks below /usr and /usr/local only.
case $prefix in
/usr | /usr/local) system=$prefix/lib ;;
*) system=/usr/local/lib ;;
esac

has_systemd()
{
	[ -z "$destdir" ] && [ -d /run/systemd/system ]
}

check_host()
{
	[ -n "$destdir" ] && return
	[ "$(id -u)" = 0 ] || die "only root may install to $prefix"
	[ "$(uname -m)" = @ARCH@ ] || die "this is for @ARCH@, and the machine is $(uname -m)"
	for file in sbin/eunomiad bin/eunomiactl; do
		"$here/$file" --version >/dev/null ||
			die "$file does not run here; it needs glibc @GLIBC@ and libsystemd.so.0"
	done
}

# put FILE TARGET: one file, in one step, so that what runs keeps the one that it has.
put()
{
	bits=644
	[ ! -x "$1" ] || bits=755
	mkdir -p "$(dirname "$destdir$2")"
	cp "$1" "$destdir$2.new"
	chmod $bits "$destdir$2.new"
	mv "$destdir$2.new" "$destdir$2"
	printf '%s\n' "$2" >>"$list"
}

# put_below FROM TO [FIND-ARGUMENT...]: the files below a folder; units and the like say where the
# programs are.
put_below()
{
	from=$1
	to=$2
	shift 2
	find "$from" "$@" -type f -print >"$tmp/found"
	while IFS= read -r file; do
		cp -p "$file" "$tmp/file"
		case $file in
		*.service) sed -i "s|/usr/local/|$prefix/|g" "$tmp/file" ;;
		esac
		put "$tmp/file" "$to${file#"$from"}"
	done <"$tmp/found"
}

# The administrator's own file stays.
put_config()
{
	target=$destdir/etc/eunomia/eunomiad.conf
	mkdir -p "$destdir/etc/eunomia/trackers.d"
	[ ! -e "$target" ] || target=$target.new
	sed "s|^#TrackersDir=.*|TrackersDir=$prefix/lib/eunomia/trackers|" \
		"$here/etc/eunomia/eunomiad.conf" >"$target"
	[ "$target" != "${target%.new}" ] || return 0
	if cmp -s "$target" "${target%.new}"; then
		rm "$target"
	else
		echo "install: kept /etc/eunomia/eunomiad.conf; the new one is beside it"
	fi
}

install_files()
{
	: >"$list"
	put "$here/install.sh" "$prefix/lib/eunomia/install.sh"
	for folder in sbin bin share include lib/eunomia; do
		put_below "$here/$folder" "$prefix/$folder"
	done
	put_below "$here/lib" "$system" -path "$here/lib/eunomia" -prune -o
	put_config
	# Files of the version before that this one no longer has.
	sort -o "$list" "$list"
	[ ! -f "$manifest" ] || comm -23 "$manifest" "$list" | remove_listed
	cp "$list" "$manifest"
	chmod 644 "$manifest"
}

# Names of files on standard input; folders of ours that are empty then go as well.
remove_listed()
{
	while IFS= read -r file; do
		rm -f "$destdir$file"
		folder=$(dirname "$file")
		while case $folder in */eunomia | */eunomia/*) ;; *) false ;; esac; do
			rmdir "$destdir$folder" 2>/dev/null || break
			folder=$(dirname "$folder")
		done
	done
}

tell_systemd()
{
	systemd-sysusers "$system/sysusers.d/eunomia.conf"
	systemd-tmpfiles --create "$system/tmpfiles.d/eunomia.conf" || true
	journalctl --update-catalog || true
	systemctl daemon-reload
	# The new agent takes over the trackers that run, and their events.
	systemctl try-restart eunomiad.service
}

uninstall()
{
	[ -f "$manifest" ] || die "nothing of $prefix was installed by this script"
	if has_systemd; then
		systemctl --no-reload disable --now eunomiad.service eunomiad.socket || true
	fi
	# What an agent left that was killed or has KeepOnStop=yes.
	if [ -z "$destdir" ]; then
		"$prefix/sbin/eunomiad" --end-trackers || true
		rmdir /sys/fs/bpf/eunomia 2>/dev/null || true
	fi
	cp "$manifest" "$list"
	echo "$prefix/lib/eunomia/manifest" >>"$list"
	remove_listed <"$list"
	! has_systemd || systemctl daemon-reload
}

export LC_ALL=C # one order of names
tmp=$(mktemp -d)
list=$tmp/list
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
if [ $mode = uninstall ]; then
	uninstall
	exit 0
fi
check_host
install_files
if has_systemd; then
	tell_systemd
	echo "install: done; 'systemctl enable --now eunomiad' runs the agent now and at each boot"
elif [ -z "$destdir" ]; then
	echo "install: done; there is no systemd, so run: $prefix/sbin/eunomiad --foreground-log"
fi
