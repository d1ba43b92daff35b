/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package: the distributable form of a tracker. Parsing touches no kernel and needs no rights; a
 * struct eun_package is immutable once parsed, so threads may read it at the same time.
 * Formats: docs/package-format.md.
 */
#ifndef EUNOMIA_PACKAGE_H
#define EUNOMIA_PACKAGE_H

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct eun_package;

enum eun_package_format {
	EUN_PACKAGE_GEN0,   /* hot-update JSON of 2022 */
	EUN_PACKAGE_GEN1,   /* v0.1 "ebpm" JSON */
	EUN_PACKAGE_GEN2,   /* v0.2 JSON */
	EUN_PACKAGE_GEN3,   /* v0.3 to v1.0 JSON; what eun_package_pack() writes */
	EUN_PACKAGE_OBJECT, /* a plain BPF object file */
	_EUN_PACKAGE_FORMAT_MAX,
};

/* A global variable that can be set before the tracker starts. Strings are never NULL. */
struct eun_package_variable {
	const char *name;
	const char *type;	   /* C type as written in the package or the object's BTF */
	const char *section;	   /* ".rodata", ".bss", ".data" */
	const char *description;   /* "" if there is none */
	const char *long_option;   /* option name for tracker arguments, without dashes */
	const char *short_option;  /* one character, or "" */
	const char *default_value; /* as text, or "" */
};

struct eun_package_program {
	const char *name;
	const char *section; /* attach point as libbpf writes it; "" if the package does not say */
};

struct eun_package_map {
	const char *name;
	const char *type; /* kernel name, "BPF_MAP_TYPE_RINGBUF"; "" if the package does not say */
};

/* An event type that the package declares. */
struct eun_package_event_type {
	const char *name; /* of the struct */
	uint32_t size;	  /* bytes of a record, 0 if the package does not say */
};

/**
 * eun_package_parse() - check bytes and make a package of them
 * @data: @size bytes: JSON of any generation or an ELF object, told apart by content; borrowed
 * @name: name to use where the package has none (a file name's stem), or NULL
 *
 * Every size is checked before memory is allocated for it; limits are in docs/package-format.md.
 * May take 0.4 s for hostile input of the largest size: do not call it on an event loop.
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE, WRONG_ARCH), -E2BIG (TOO_LARGE), -ENOMEM. In
 * @err->subject is the field that is wrong.
 */
EUN_PUBLIC int eun_package_parse(const void *data, size_t size, const char *name,
				 struct eun_package **ret_package, struct eun_error *err);
/* As eun_package_parse() for a file; "-" is standard input. Also -errno of open and read. */
EUN_PUBLIC int eun_package_read(const char *path, struct eun_package **ret_package,
				struct eun_error *err);
/* NULL is allowed. Returns NULL. */
EUN_PUBLIC struct eun_package *eun_package_free(struct eun_package *package);

/* Getters: borrowed, valid as long as the package; strings are never NULL. */
EUN_PUBLIC enum eun_package_format eun_package_get_format(const struct eun_package *package);
EUN_PUBLIC const char *eun_package_format_to_string(enum eun_package_format format);
EUN_PUBLIC const char *eun_package_get_name(const struct eun_package *package);
EUN_PUBLIC const char *eun_package_get_version(const struct eun_package *package);
EUN_PUBLIC const char *eun_package_get_description(const struct eun_package *package);
/* The BPF object, an ELF image that passed the structural checks. */
EUN_PUBLIC const void *eun_package_get_object(const struct eun_package *package, size_t *ret_size);
/* Entry @i in the order of the package; NULL when @i is past the end. */
EUN_PUBLIC const struct eun_package_variable *eun_package_get_variable(
    const struct eun_package *package, size_t i);
EUN_PUBLIC const struct eun_package_program *eun_package_get_program(
    const struct eun_package *package, size_t i);
EUN_PUBLIC const struct eun_package_map *eun_package_get_map(const struct eun_package *package,
							     size_t i);
/* A plain object declares none: its event types are found when it starts. Return: false when @i is
 * past the end. */
EUN_PUBLIC bool eun_package_get_event_type(const struct eun_package *package, size_t i,
					   struct eun_package_event_type *ret_type);

/**
 * eun_package_pack() - write a generation-3 package from an object file
 * @object: ELF image of @size bytes with BTF; debug sections should be stripped already
 * @name:   tracker name
 * @ret_json: the package, @ret_json_size bytes of UTF-8 without a terminator; free() it
 *
 * Maps, programs, global variables and exported event types are read from the object. Not
 * thread-safe with libbpf's print hook being changed.
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE, WRONG_ARCH), -E2BIG (TOO_LARGE), -ENOMEM.
 */
EUN_PUBLIC int eun_package_pack(const void *object, size_t size, const char *name, char **ret_json,
				size_t *ret_json_size, struct eun_error *err);

/*
 * Installed trackers: a folder with a file NAME.json (a package) or NAME.bpf.o (a BPF object) for
 * each. The folder is read anew by each call.
 */
#define EUN_TRACKER_NAME_MAX 64 /* bytes with the terminator */

/* 1 to EUN_TRACKER_NAME_MAX - 1 of A-Z a-z 0-9 . _ -, the first a letter or digit. NULL is not
 * valid. */
EUN_PUBLIC bool eun_tracker_name_is_valid(const char *name);
/**
 * eun_tracker_find() - where the file of an installed tracker is
 * @name: may be from a client: what is no valid name is refused, so that it names a file in
 *        @folder and nothing else
 * @ret_path: free() it; where a tracker is there in both forms, the package
 *
 * A few system calls; where there is no such tracker the folder is read for a hint of near names.
 *
 * Return: 0; -EINVAL; -ENOENT (EUN_REASON_NOT_FOUND); -ENOMEM.
 */
EUN_PUBLIC int eun_tracker_find(const char *folder, const char *name, char **ret_path,
				struct eun_error *err);
/**
 * eun_tracker_list() - names of the installed trackers, sorted
 * @ret_names: @ret_n strings, at most 1024; release them with eun_tracker_free_list(), or free()
 *             each and the array
 *
 * A folder that does not exist holds none.
 *
 * Return: 0; -EINVAL; -ENOMEM; -errno of opendir(3).
 */
EUN_PUBLIC int eun_tracker_list(const char *folder, char ***ret_names, size_t *ret_n);
/* NULL with 0 is allowed. */
EUN_PUBLIC void eun_tracker_free_list(char **names, size_t n);

#ifdef __cplusplus
}
#endif
#endif
