/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolution of SOURCE, one function per kind in a table that is tried from the top: each says
 * whether the text is of its kind, and if so loads it. What a package is, is told later by its
 * content; here only the name of its file counts, and only for packages that have no name.
 */
#include "source.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "fetch.h"
#include "ctl_limits.h"

#include <eunomia/package.h>

#include <sys/stat.h>

void source_done(struct source *source)
{
	eub_buf_done(&source->data);
	free(source->name);
	free(source->tracker);
	*source = (struct source){ 0 };
}

char *source_stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t n = strcspn(name, ".?#");

	return n > 0 ? strndup(name, n) : NULL;
}

static int fail_read(int r, struct eun_error *err)
{
	if (r == -EFBIG)
		return eun_error_set(err, r, EUN_REASON_TOO_LARGE,
				     "it has more than the %d bytes that a package may have",
				     CTL_SOURCE_MAX_BYTES);
	if (r == -ENOMEM)
		return eub_error_no_memory(err);
	if (r == -EACCES || r == -EPERM)
		return eun_error_set(err, r, EUN_REASON_PERMISSION, "cannot read it: %s",
				     strerror(-r));
	return eun_error_set(err, r, EUN_REASON_IO, "cannot read it: %s", strerror(-r));
}

static bool is_literal(const char *spec)
{
	return spec[strspn(spec, " \t\r\n")] == '{';
}

static int load_literal(const char *spec, struct source *source, struct eun_error *err)
{
	size_t n = strlen(spec);

	if (n > CTL_SOURCE_MAX_BYTES)
		return fail_read(-EFBIG, err);
	eub_buf_append(&source->data, spec, n);
	return source->data.has_failed ? fail_read(-ENOMEM, err) : 0;
}

static bool is_stdin(const char *spec)
{
	return eub_streq(spec, "-");
}

static int load_stdin(const char *spec, struct source *source, struct eun_error *err)
{
	int r = eub_read_fd(STDIN_FILENO, CTL_SOURCE_MAX_BYTES, &source->data);

	(void)spec; /* "-" */
	return r < 0 ? fail_read(r, err) : 0;
}

/* Anything with a scheme, so that ftp:// is refused as a URL and not looked for as a file. */
static bool is_url(const char *spec)
{
	size_t n = strspn(spec, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+");

	return n > 0 && eub_has_prefix(spec + n, "://");
}

static int load_url(const char *spec, struct source *source, struct eun_error *err)
{
	source->name = source_stem(spec);
	return fetch_url(spec, NULL, &source->data, err);
}

static bool is_file(const char *spec)
{
	struct stat st;

	/* With a slash it cannot be a name; a folder that is named like a tracker is no package. */
	return strchr(spec, '/') || (stat(spec, &st) == 0 && !S_ISDIR(st.st_mode));
}

static int fail_missing(struct eun_error *err)
{
	return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND, "there is no such file");
}

static int load_file(const char *spec, struct source *source, struct eun_error *err)
{
	int r = eub_read_file(spec, CTL_SOURCE_MAX_BYTES, &source->data);

	if (r == -ENOENT)
		return fail_missing(err);
	if (r < 0)
		return fail_read(r, err);
	source->name = source_stem(spec);
	return 0;
}

static bool is_anything(const char *spec)
{
	(void)spec; /* the last row of the table */
	return true;
}

const char *source_get_folder(void)
{
	const char *folder = getenv("EUNOMIA_TRACKERS_DIR");

	return folder && *folder ? folder : EUNOMIA_TRACKERS_DIR;
}

static int load_tracker(const char *spec, struct source *source, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = NULL;
	int r;

	if (!eun_tracker_name_is_valid(spec))
		return fail_missing(err);
	r = eun_tracker_find(source_get_folder(), spec, &path, err);
	if (r == 0)
		return load_file(path, source, err);
	eun_error_prefix(err, "there is no such file");
	return r;
}

static const struct {
	bool (*is_of_kind)(const char *spec);
	int (*load)(const char *spec, struct source *source, struct eun_error *err);
} kinds[] = {
	{ is_literal, load_literal }, { is_stdin, load_stdin },	     { is_url, load_url },
	{ is_file, load_file },	      { is_anything, load_tracker },
};

int source_load(const char *spec, unsigned int flags, struct source *ret_source,
		struct eun_error *err)
{
	struct source source = { 0 };
	size_t i = 0;
	int r;

	while (!kinds[i].is_of_kind(spec))
		i++;
	r = kinds[i].load(spec, &source, err);
	if (r == 0 && source.data.len == 0)
		r = eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE, "it is empty");
	if (r == -ENOENT && (flags & SOURCE_MAY_BE_REMOTE) && eun_tracker_name_is_valid(spec)) {
		source.tracker = strdup(spec);
		eun_error_done(err);
		r = source.tracker ? 0 : fail_read(-ENOMEM, err);
	}
	if (r < 0) {
		source_done(&source);
		return r;
	}
	*ret_source = source;
	return 0;
}
