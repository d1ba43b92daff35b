/* SPDX-License-Identifier: Apache-2.0 */
/* Folders by their path. Names are read to the end before anything is done with them, so that what
 * is done cannot change the walk. */
#include "folder.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_make(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

void folder_free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, size_t *n, const char *name)
{
	char **grown = reallocarray(*names, *n + 1, sizeof(grown[0]));

	if (!grown)
		return -ENOMEM;
	*names = grown;
	grown[*n] = strdup(name);
	if (!grown[*n])
		return -ENOMEM;
	(*n)++;
	return 0;
}

static int read_names(DIR *dir, char ***names, size_t *n)
{
	for (;;) {
		const struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno; /* 0 at the end */
		if (eub_streq(entry->d_name, ".") || eub_streq(entry->d_name, ".."))
			continue;
		r = add_name(names, n, entry->d_name);
		if (r < 0)
			return r;
	}
}

int folder_list(const char *path, char ***ret_names, size_t *ret_n)
{
	DIR *dir = opendir(path);
	char **names = NULL;
	size_t n = 0;
	int r;

	if (!dir)
		return -errno;
	r = read_names(dir, &names, &n);
	(void)closedir(dir); /* was only read */
	if (r < 0) {
		folder_free_names(names, n);
		return r;
	}
	if (n > 0)
		qsort(names, n, sizeof(names[0]), compare);
	*ret_names = names;
	*ret_n = n;
	return 0;
}

int folder_remove(const char *path)
{
	_cleanup_(eub_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char **names = NULL;
	size_t n = 0;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = folder_list(path, &names, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++)
		if (unlinkat(fd, names[i], 0) < 0)
			r = -errno;
	folder_free_names(names, n);
	if (r == 0 && rmdir(path) < 0)
		r = -errno;
	return r;
}
