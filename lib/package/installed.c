/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Installed trackers are plain files of the package manager, and a folder of them is all the
 * registry there is. Nothing is cached, so a tracker that is installed while an agent runs is there
 * at once. Names come from clients and from the folder; either way they are used only if they can
 * name nothing but a file in the folder.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/near.h"
#include "base/str.h"
#include "package/limits.h"

#include <eunomia/package.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const suffixes[] = { ".json", ".bpf.o" };

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* @n bytes of @name; not terminated there. */
static bool is_name(const char *name, size_t n)
{
	if (n == 0 || n >= EUN_TRACKER_NAME_MAX || !is_alnum(name[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_alnum(name[i]) && name[i] != '.' && name[i] != '_' && name[i] != '-')
			return false;
	return true;
}

bool eun_tracker_name_is_valid(const char *name)
{
	return name && is_name(name, strlen(name));
}

static int fail_not_found(const char *folder, const char *name, struct eun_error *err)
{
	struct eub_near near = EUB_NEAR_INIT(name);
	char **names = NULL;
	size_t n = 0;

	(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
			    "no tracker '%s' is installed in '%.256s'", name, folder);
	eun_error_set_subject(err, name);
	if (eun_tracker_list(folder, &names, &n) < 0)
		return -ENOENT; /* only the hint is missing */
	for (size_t i = 0; i < n; i++)
		eub_near_offer(&near, names[i]);
	eun_tracker_free_list(names, n);
	(void)eub_near_hint(&near, err);
	return -ENOENT;
}

int eun_tracker_find(const char *folder, const char *name, char **ret_path, struct eun_error *err)
{
	if (!folder || !eun_tracker_name_is_valid(name))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.64s' is no tracker name", name ? name : "");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(suffixes); i++) {
		_cleanup_(eub_freep) char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s%s", folder, name, suffixes[i]) < 0) {
			path = NULL; /* undefined after a failure */
			return eub_error_no_memory(err);
		}
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			*ret_path = EUB_TAKE_PTR(path);
			return 0;
		}
	}
	return fail_not_found(folder, name, err);
}

/* The length of the tracker's name in a file name, 0 if it is none. */
static size_t get_stem_length(const char *file)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(suffixes); i++) {
		size_t n;

		if (!eub_has_suffix(file, suffixes[i]))
			continue;
		n = strlen(file) - strlen(suffixes[i]);
		return is_name(file, n) ? n : 0;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void eun_tracker_free_list(char **names, size_t n)
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

/* Stores at most EUN__TRACKERS_MAX names. A failing readdir(3) only cuts the list short. */
static int read_names(DIR *dir, char **names, size_t *ret_n)
{
	const struct dirent *file;
	size_t n = 0;

	while (n < EUN__TRACKERS_MAX && (file = readdir(dir))) {
		size_t length = get_stem_length(file->d_name);

		if (length == 0)
			continue;
		names[n] = strndup(file->d_name, length);
		if (!names[n])
			break;
		n++;
	}
	*ret_n = n;
	return n < EUN__TRACKERS_MAX && file ? -ENOMEM : 0;
}

int eun_tracker_list(const char *folder, char ***ret_names, size_t *ret_n)
{
	char **names;
	size_t n = 0;
	DIR *dir;
	int r = 0;

	if (!folder)
		return -EINVAL;
	dir = opendir(folder);
	if (!dir && errno != ENOENT)
		return -errno;
	names = calloc(EUN__TRACKERS_MAX, sizeof(*names));
	if (!names)
		r = -ENOMEM;
	else if (dir)
		r = read_names(dir, names, &n);
	if (dir)
		(void)closedir(dir); /* was only read */
	if (r < 0) {
		eun_tracker_free_list(names, n);
		return r;
	}
	*ret_n = sort_names(names, n);
	*ret_names = names;
	return 0;
}
