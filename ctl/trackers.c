/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of files is all the registry there is. It is read anew each time: a command asks once.
 * Names in it come from outside and are used only if they are names of trackers.
 */
#include "trackers.h"

#include "base/str.h"
#include "ctl_limits.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#define NAME_MAX_BYTES 64

static const char *const suffixes[] = { ".json", ".bpf.o" };

const char *trackers_get_folder(void)
{
	const char *folder = getenv("EUNOMIA_TRACKERS_DIR");

	return folder && *folder ? folder : EUNOMIA_TRACKERS_DIR;
}

bool trackers_is_name(const char *name)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t n = strlen(name);

	return n > 0 && n < NAME_MAX_BYTES && isalnum((unsigned char)name[0]) &&
	       strspn(name, allowed) == n;
}

int trackers_find(const char *name, char **ret_path)
{
	if (!trackers_is_name(name))
		return -ENOENT;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(suffixes); i++) {
		_cleanup_(eub_freep) char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s%s", trackers_get_folder(), name, suffixes[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			*ret_path = EUB_TAKE_PTR(path);
			return 0;
		}
	}
	return -ENOENT;
}

/* Writes the tracker's name that a file's name stands for, or "". */
static void name_from_file(const char *file, char ret_name[static NAME_MAX_BYTES])
{
	ret_name[0] = '\0';
	for (size_t i = 0; i < EUB_ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(file) - strlen(suffixes[i]);

		if (!eub_has_suffix(file, suffixes[i]) || n >= NAME_MAX_BYTES)
			continue;
		memcpy(ret_name, file, n);
		ret_name[n] = '\0';
		if (!trackers_is_name(ret_name))
			ret_name[0] = '\0';
		return;
	}
}

/* Calls @fn with each installed name, sorted. */
static void for_each_name(void (*fn)(const char *name, void *userdata), void *userdata)
{
	struct dirent **entries = NULL;
	int n = scandir(trackers_get_folder(), &entries, NULL, alphasort);
	char last[NAME_MAX_BYTES] = "";

	for (int i = 0; i < n; i++) {
		char name[NAME_MAX_BYTES];

		name_from_file(entries[i]->d_name, name);
		free(entries[i]);
		/* Both files of a name may be there. */
		if (!*name || i >= CTL_TRACKERS_MAX || eub_streq(name, last))
			continue;
		memcpy(last, name, sizeof(last));
		fn(name, userdata);
	}
	free(entries);
}

static void append_name(const char *name, void *userdata)
{
	struct eub_buf *buf = userdata;

	eub_buf_append_str(buf, name);
	eub_buf_append_char(buf, '\n');
}

void trackers_append_names(struct eub_buf *buf)
{
	for_each_name(append_name, buf);
}

struct near {
	const char *wanted;
	char *name;
	size_t distance;
};

static void look_near(const char *name, void *userdata)
{
	struct near *near = userdata;
	size_t distance = eub_edit_distance(name, near->wanted);

	if (distance < near->distance) {
		near->distance = distance;
		memcpy(near->name, name, strlen(name) + 1);
	}
}

void trackers_find_near(const char *name, char ret_near[static 64])
{
	/* More than two letters away is another word. */
	struct near near = { .wanted = name, .name = ret_near, .distance = 3 };

	ret_near[0] = '\0';
	for_each_name(look_near, &near);
}
