/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything a package can make grow, with the reason for each bound. docs/package-format.md lists
 * the same numbers for users; a test crosses each of them.
 */
#pragma once

enum {
	/*
	 * Bytes of a package as it arrives. The largest packages known are 0.4 MB; a message of the
	 * control interface may be this long as well.
	 */
	EUN__PACKAGE_SIZE_MAX = 16 << 20,
	/* Bytes of the ELF object, unpacked. Objects with DWARF reach a few MB; without, 0.5 MB. */
	EUN__OBJECT_SIZE_MAX = 16 << 20,
	/* Bytes of one zero-filled section (.bss), which the kernel allocates at load. */
	EUN__NOBITS_SIZE_MAX = 64 << 20,
	/* Bytes of raw BTF, in the object or the manifest; the kernel's own limit is 16 MB. */
	EUN__BTF_SIZE_MAX = 16 << 20,
	/* Types in it. vmlinux has 150,000; an object has those that it uses. */
	EUN__BTF_TYPES_MAX = 1 << 18,
	/* ELF sections. Real objects with DWARF have about 60. */
	EUN__SECTIONS_MAX = 4096,
	/* ELF symbols. Objects with DWARF have a few thousand, labels included. */
	EUN__SYMBOLS_MAX = 65536,
	/* Levels of JSON; generation 3 uses 9. jansson recurses once per level. */
	EUN__JSON_DEPTH_MAX = 32,
	/* JSON values in a document: about 100 bytes of memory each, whatever their text costs. */
	EUN__JSON_VALUES_MAX = 65536,
	/* Bytes of one name, type or description in a manifest; the object itself is exempt. */
	EUN__STRING_MAX = 4096,
	/* Bytes of a name in an object. The kernel's symbols end at 511. */
	EUN__NAME_MAX = 1024,
	/* Entries of a manifest's lists. Kernel and libbpf have no bound of their own here. */
	EUN__PROGRAMS_MAX = 1024,
	EUN__MAPS_MAX = 1024,
	EUN__VARIABLES_MAX = 4096,
	EUN__TYPES_MAX = 64,
	EUN__MEMBERS_MAX = 1024,
	/* Names read from a folder of installed trackers. */
	EUN__TRACKERS_MAX = 1024,
	/* Bytes of one event as a package may declare it; a ring buffer record is shorter. */
	EUN__EVENT_SIZE_MAX = 1 << 20,
};
