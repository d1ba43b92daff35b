/* SPDX-License-Identifier: Apache-2.0 */
/* The trackers that are installed on this machine: files NAME.json or NAME.bpf.o in one folder. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* EUNOMIA_TRACKERS_DIR of the environment, or the folder chosen when this was built. */
const char *trackers_get_folder(void);
/* May @name be the name of a tracker? As a slot's: [A-Za-z0-9][A-Za-z0-9_.-]*, under 64 bytes. */
bool trackers_is_name(const char *name);
/**
 * trackers_find() - the file of an installed tracker
 * @ret_path: free() it
 *
 * Return: 0; -ENOENT, -ENOMEM.
 */
int trackers_find(const char *name, char **ret_path);
/* Appends the names of installed trackers, sorted, one a line. Nothing if there is no folder. */
void trackers_append_names(struct eub_buf *buf);
/* Writes the installed name nearest to @name, or "". */
void trackers_find_near(const char *name, char ret_near[static 64]);
