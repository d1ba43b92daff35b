/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of installed trackers: NAME.json (a package) or NAME.bpf.o (a BPF object) each. */
#pragma once

#include <eunomia/error.h>

#include <stddef.h>

/* Bytes of a tracker's name with the terminator. */
#define TRACKER_NAME_MAX 64

/**
 * trackers_find() - where an installed tracker's package is
 * @name: from a client; anything but letters, digits, '_' and '-' is refused, so that it names a
 *        file in @folder and nothing else
 *
 * A few system calls: may run on the loop.
 *
 * Return: 0 and a path to free(); -EINVAL; -ENOENT (NOT_FOUND); -ENOMEM.
 */
int trackers_find(const char *folder, const char *name, char **ret_path, struct eun_error *err);
/**
 * trackers_list() - names of the installed trackers, sorted
 * @ret_names: @ret_n strings to free() one by one, and the array as well
 *
 * A folder that does not exist holds none.
 *
 * Return: 0; -ENOMEM; -errno of opendir(3).
 */
int trackers_list(const char *folder, char ***ret_names, size_t *ret_n);
/* Releases what trackers_list() gave. */
void trackers_free_list(char **names, size_t n);
