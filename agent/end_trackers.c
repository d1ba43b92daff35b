/* SPDX-License-Identifier: Apache-2.0 */
#include "end_trackers.h"

#include "folder.h"
#include "pins.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"

#include <eunomia/slot.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void on_warning(void *userdata EUB_UNUSED, const char *line)
{
	(void)fprintf(stderr, "eunomiad: %s\n", line);
}

static int end_one(const struct pins *pins, const char *folder, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = pins_path(pins, folder);
	int r;

	if (!path)
		return eub_error_no_memory(err);
	r = eun_pins_remove(path);
	if (r < 0) {
		(void)eun_error_set(err, r, EUN_REASON_IO, "cannot end '%s': %s", path,
				    strerror(-r));
		eun_error_set_hint(err, "this is for root, or the user that eunomiad runs as");
		return r;
	}
	(void)printf("ended %s\n", path);
	return 0;
}

static int end_all(const struct pins *pins, struct eun_error *err)
{
	char **folders;
	size_t n_folders;
	int r = pins_list(pins, &folders, &n_folders);
	int first = 0;

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_IO, "cannot list what is attached: %s",
				     strerror(-r));
	for (size_t i = 0; i < n_folders; i++) {
		r = end_one(pins, folders[i], err); /* the first error stays */
		if (first == 0)
			first = r;
	}
	folder_free_names(folders, n_folders);
	return first;
}

/* A mistake in the file may be why no agent runs; what is attached shall end in spite of it. */
static int configure(const struct options *options, struct config *ret_config,
		     struct eun_error *err)
{
	struct options defaults = *options;
	int r = options_configure(options, on_warning, NULL, ret_config, err);

	if (r != -EINVAL && r != -ERANGE)
		return r;
	(void)fprintf(stderr, "eunomiad: %s; trying without the file\n", err->message);
	eun_error_done(err);
	defaults.config_path = "/dev/null";
	return options_configure(&defaults, on_warning, NULL, ret_config, err);
}

int end_trackers(const struct options *options, struct eun_error *err)
{
	struct pins *pins = NULL;
	struct config config;
	int r = configure(options, &config, err);

	if (r < 0)
		return r;
	r = pins_open(config.bpffs_dir, &pins, err);
	if (r == -EOPNOTSUPP || r == -ENOENT) {
		eun_error_done(err);
		r = 0;
	} else if (r == 0) {
		r = end_all(pins, err);
	}
	(void)pins_close(pins);
	config_done(&config);
	return r;
}
