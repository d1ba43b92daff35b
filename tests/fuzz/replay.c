/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer where the build has none: gives each file of the folders named on the
 * command line to the fuzz target once, so that every seed and every input that once failed is a
 * unit test. An empty folder is an error, since it would test nothing.
 */
#include "fuzz.h"

#include "base/fd.h"

#include <dirent.h>
#include <stdio.h>

#define FILE_SIZE_MAX (32u << 20)

static int replay_file(const char *folder, const char *name)
{
	_cleanup_(eub_freep) char *path = NULL;
	struct eub_buf buf = EUB_BUF_INIT;
	int r;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = eub_read_file(path, FILE_SIZE_MAX, &buf);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
	else
		(void)LLVMFuzzerTestOneInput((const uint8_t *)buf.data, buf.len); /* always 0 */
	eub_buf_done(&buf);
	return r;
}

/* Return: number of files, or -errno. */
static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int n = 0;
	int r = 0;

	if (!dir) {
		perror(folder);
		return -errno;
	}
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		r = replay_file(folder, entry->d_name);
		n++;
	}
	(void)closedir(dir); /* it was only read */
	return r < 0 ? r : n;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int n = replay_folder(argv[i]);

		if (n <= 0) {
			fprintf(stderr, "%s: nothing was replayed\n", argv[i]);
			return 1;
		}
		printf("%s: %d inputs\n", argv[i], n);
	}
	return argc < 2;
}
