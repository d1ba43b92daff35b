/* SPDX-License-Identifier: Apache-2.0 */
/* Files of sections in brackets and KEY=VALUE lines, as systemd's. Blocks; any thread. */
#pragma once

#include <eunomia/error.h>

struct ini_key {
	const char *section;
	const char *name;
	const char *value;
	const char *path; /* of the file */
	unsigned int line;
};

/* Return: 0; a negative errno with @err filled, which ends the reading. */
typedef int (*ini_key_fn)(void *userdata, const struct ini_key *key, struct eun_error *err);

/**
 * ini_file_read() - tell each key of a file to @on_key, in order
 *
 * Return: 0; -ENOENT if there is no such file; -EINVAL or the failure of @on_key, with
 * "FILE:LINE: ..." in @err; other -errno of reading.
 */
int ini_file_read(const char *path, ini_key_fn on_key, void *userdata, struct eun_error *err);
