/* SPDX-License-Identifier: Apache-2.0 */
/* A host made of files, below a folder of its own, and what the doctor finds there. */
#pragma once

#include "doctor.h"

struct host_tree {
	char path[64];
	struct doctor doctor; /* its root is the folder */
};

/* Ends the test program on failure. */
void host_tree_init(struct host_tree *tree);
void host_tree_done(struct host_tree *tree);
/* Makes the folders on the way to @path ("/proc/cmdline"). */
void host_tree_write(const struct host_tree *tree, const char *path, const char *text);
/* The same for a folder. */
void host_tree_make_folder(const struct host_tree *tree, const char *path);
/* Runs one check and forgets what others found. */
void host_tree_check(struct host_tree *tree, void (*check)(struct doctor *doctor));
/* Fails unless finding @i has this level, and evidence and remedy that contain these words; NULL:
 * there is no remedy. */
void host_tree_expect(const struct host_tree *tree, size_t i, enum doctor_level level,
		      const char *evidence, const char *remedy);
