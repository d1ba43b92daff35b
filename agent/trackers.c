/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Installed trackers are plain files of the package manager; nothing is cached, so a tracker that
 * is installed while the agent runs is there at once.
 */
#include "trackers.h"

#include "agent_limits.h"

#include "base/cleanup.h"
#include "base/macro.h"
#include "base/str.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const suffixes[] = { ".json", ".bpf.o" };

/* @n bytes of @name; not terminated there. */
static bool is_tracker_name(const char *name, size_t n)
{
	if (n == 0 || n >= TRACKER_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c >= 0x80 || (!isalnum(c) && (i == 0 || (c != '_' && c != '-'))))
			return false;
	}
	return true;
}

int trackers_find(const char *folder, const char *name, char **ret_path, struct eun_error *err)
{
	if (!is_tracker_name(name, strlen(name)))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.64s' is no tracker name", name);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(suffixes); i++) {
		_cleanup_(eub_freep) char *path = NULL;

		if (asprintf(&path, "%s/%s%s", folder, name, suffixes[i]) < 0) {
			path = NULL; /* undefined after a failure */
			return eun_error_set(err, -ENOMEM, EUN_REASON_NO_MEMORY, "out of memory");
		}
		if (access(path, R_OK) == 0) {
			*ret_path = EUB_TAKE_PTR(path);
			return 0;
		}
	}
	(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
			    "no tracker '%s' is installed in '%.256s'", name, folder);
	eun_error_set_subject(err, name);
	eun_error_set_hint(err, "'eunomiactl info' lists the installed trackers");
	return -ENOENT;
}

/* The length of the tracker's name in a file name, 0 if it is none. */
static size_t get_stem_length(const char *file)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(file);

		if (!eub_has_suffix(file, suffixes[i]))
			continue;
		n -= strlen(suffixes[i]);
		return is_tracker_name(file, n) ? n : 0;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void trackers_free_list(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* Sorts and drops doubles: a tracker may be there in both forms. Return: how many are left. */
static size_t sort_names(char **names, size_t n)
{
	size_t n_kept = 0;

	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n; i++) {
		if (n_kept > 0 && eub_streq(names[n_kept - 1], names[i]))
			free(names[i]);
		else
			names[n_kept++] = names[i];
	}
	return n_kept;
}

int trackers_list(const char *folder, char ***ret_names, size_t *ret_n)
{
	DIR *dir = opendir(folder);
	char **names;
	size_t n = 0;
	const struct dirent *file;

	if (!dir && errno != ENOENT)
		return -errno;
	names = calloc(LIMIT_TRACKERS, sizeof(*names));
	/* A failing readdir(3) only cuts the list short. */
	while (names && dir && n < LIMIT_TRACKERS && (file = readdir(dir))) {
		size_t length = get_stem_length(file->d_name);

		if (length == 0)
			continue;
		names[n] = strndup(file->d_name, length);
		if (!names[n]) {
			trackers_free_list(names, n);
			names = NULL;
			break;
		}
		n++;
	}
	if (dir)
		(void)closedir(dir); /* was only read */
	if (!names)
		return -ENOMEM;
	*ret_n = sort_names(names, n);
	*ret_names = names;
	return 0;
}
