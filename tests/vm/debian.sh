# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables are those of tests/kernel/vm.sh
# Packages of any Debian suite, by a package index of its own below $work: the machine's sources,
# lists and packages are not touched. Sourced by tests/kernel/vm.sh.

# Prints the address of the repository LABEL (Debian, Debian-Security) in the machine's own sources.
repository_of() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v label="$1" '$1 == label { print $2; exit }'
}

# make_apt_folder SUITE...: makes $APT_CONFIG a configuration that knows nothing but these, for $arch.
make_apt_folder() {
	local folder=$work/apt suite label address

	mkdir -p "$folder"/lists/partial "$folder"/cache/archives/partial
	cat >"$folder/apt.conf" <<-END
		Dir::State "$folder";
		Dir::State::Lists "$folder/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$folder/cache";
		Dir::Etc::SourceList "$folder/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		Acquire::Languages "none";
		# sid's index says that it is valid for a week; clocks of test machines disagree.
		Acquire::Check-Valid-Until "false";
	END
	for suite in "$@"; do
		label=Debian
		case $suite in *-security) label=Debian-Security ;; esac
		address=$(repository_of "$label")
		[ -n "$address" ] || continue
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $address $suite main"
	done >"$folder/sources.list"
	[ -s "$folder/sources.list" ] || skip "apt has no source of Debian; see apt-get update"
	export APT_CONFIG=$folder/apt.conf
}

# download PACKAGE: unpacks it below $work/deb.
download() {
	(cd "$work" && apt-get download -qq "$1" >/dev/null 2>&1) || return 1
	dpkg-deb -x "$work/$1"_*.deb "$work/deb"
	rm "$work/$1"_*.deb
}
