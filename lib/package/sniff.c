/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sniff.h. Names and suffixes say nothing: packages arrive by pipe, by URL and on the command
 * line. What is recognised but cannot run is refused by its name with a way out, since "malformed
 * JSON" helps nobody who gave an archive or a source file.
 */
#include "package/sniff.h"

#include "base/macro.h"
#include "package/elf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct signature {
	size_t offset;
	const char *bytes;
	size_t n_bytes;
	const char *what;
	const char *hint;
};

#define SIGNATURE(at, text, what, hint)                                                            \
	{                                                                                          \
		at, text, sizeof(text) - 1, what, hint                                             \
	}
#define UNPACK_HINT "unpack it and give the package.json or the .bpf.o inside"

static const struct signature refused[] = {
	SIGNATURE(257, "ustar", "a tar archive", UNPACK_HINT),
	SIGNATURE(0, "\x1f\x8b", "gzip-compressed", UNPACK_HINT),
	SIGNATURE(0, "\x28\xb5\x2f\xfd", "zstd-compressed", UNPACK_HINT),
	SIGNATURE(0,
		  "\xfd"
		  "7zXZ",
		  "xz-compressed", UNPACK_HINT),
	SIGNATURE(0, "PK\x03\x04", "a zip archive", UNPACK_HINT),
	SIGNATURE(0, "\0asm", "a WebAssembly module", "give the package.json it was made from"),
	SIGNATURE(0, "\x9f\xeb", "raw BTF without programs", "give the whole object file"),
	SIGNATURE(0, "BC\xc0\xde", "LLVM bitcode",
		  "compile with: clang -O2 -g -target bpf -c FILE.bpf.c"),
	SIGNATURE(0, "<", "an HTML or XML page", "check the URL it was fetched from"),
	SIGNATURE(0, "#include", "C source", "eunomiactl build FILE.bpf.c makes a package of it"),
	SIGNATURE(0, "//", "C source", "eunomiactl build FILE.bpf.c makes a package of it"),
	SIGNATURE(0, "/*", "C source", "eunomiactl build FILE.bpf.c makes a package of it"),
	SIGNATURE(0, "bpf_object:", "a YAML package", "give the package.json of the same build"),
};

static bool begins_with_json(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && text[i] && strchr(" \t\r\n", text[i]))
		i++;
	return i < size && text[i] == '{';
}

static bool matches(const struct signature *signature, const char *data, size_t size)
{
	return size >= signature->offset + signature->n_bytes &&
	       memcmp(data + signature->offset, signature->bytes, signature->n_bytes) == 0;
}

enum eun__content eun__sniff(const void *data, size_t size, struct eun_error *err)
{
	if (eun__elf_has_magic(data, size))
		return EUN__CONTENT_ELF;
	if (begins_with_json(data, size))
		return EUN__CONTENT_JSON;
	eun_error_set_subject(err, "package");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(refused); i++) {
		if (!matches(&refused[i], data, size))
			continue;
		(void)eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				    "this is %s, not a package or BPF object", refused[i].what);
		eun_error_set_hint(err, "%s", refused[i].hint);
		return EUN__CONTENT_REFUSED;
	}
	(void)eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
			    size == 0 ? "the package is empty"
				      : "this is neither a JSON package nor a BPF object");
	eun_error_set_hint(err,
			   "give a package.json, a .bpf.o, or the name of an installed tracker");
	return EUN__CONTENT_REFUSED;
}
