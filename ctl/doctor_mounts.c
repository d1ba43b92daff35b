/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems that the agent needs, as /proc/self/mountinfo shows them (proc_pid_mountinfo(5)): of
 * this process's mount namespace, which need not be the agent's.
 */
#include "doctor.h"

#include "base/fd.h"
#include "base/str.h"

#include <stdio.h>

#define MOUNTS_PATH	 "/proc/self/mountinfo"
#define MOUNTS_BYTES_MAX (4u << 20)

/* The mount that a path lies in. */
struct mount {
	char type[64];
	char options[256];
};

/* Whether @path lies at or below @point. */
static bool is_below(const char *path, const char *point)
{
	size_t n = strlen(point);

	if (eub_streq(point, "/"))
		return true;
	return strncmp(path, point, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Parses a line; false if it is none. Blanks in paths are escaped, and no path of ours has any. */
static bool parse_line(const char *line, char point[static 256], struct mount *mount)
{
	const char *type = strstr(line, " - ");

	return type && sscanf(line, "%*s %*s %*s %*s %255s %255s", point, mount->options) == 2 &&
	       sscanf(type + 3, "%63s", mount->type) == 1;
}

/* Finds the mount of @path: of those that it is below the deepest, and of equals the last. */
static int find_mount(struct doctor *doctor, const char *path, struct mount *ret_mount)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *full = doctor_path(doctor, MOUNTS_PATH);
	size_t best = 0;
	char *rest;
	const char *line;
	int r = full ? eub_read_file(full, MOUNTS_BYTES_MAX, &text) : -ENOMEM;

	eub_buf_append_char(&text, '\0');
	if (r == 0 && text.has_failed)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret_mount = (struct mount){ .type = "" };
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		struct mount mount;
		char point[256];

		if (!parse_line(line, point, &mount) || !is_below(path, point) ||
		    strlen(point) < best)
			continue;
		best = strlen(point);
		*ret_mount = mount;
	}
	return 0;
}

static bool is_read_only(const struct mount *mount)
{
	return eub_streq(mount->options, "ro") || eub_has_prefix(mount->options, "ro,");
}

/* A file system that something needs. */
struct need {
	const char *path;
	const char *type;
	enum doctor_level level; /* if it is not there */
	bool is_written;
	const char *meaning; /* of its lack */
	const char *remedy;
};

static void check_need(struct doctor *doctor, const struct need *need)
{
	struct mount mount;
	int r = find_mount(doctor, need->path, &mount);

	if (r < 0) {
		doctor_unseen(doctor, MOUNTS_PATH, r);
	} else if (!eub_streq(mount.type, need->type)) {
		doctor_find(doctor, need->level, "no %s at %s: %s", need->type, need->path,
			    need->meaning);
		doctor_remedy(doctor, "%s", need->remedy);
	} else if (need->is_written && is_read_only(&mount)) {
		doctor_find(doctor, need->level, "%s at %s is read-only: %s", need->type,
			    need->path, need->meaning);
		doctor_remedy(doctor, "mount -o remount,rw the file system");
	} else {
		doctor_find(doctor, DOCTOR_OK, "%s at %s", need->type, need->path);
	}
}

void doctor_check_bpffs(struct doctor *doctor)
{
	const struct need need = {
		.path = doctor->bpffs_dir,
		.type = "bpf",
		.level = DOCTOR_WARNING,
		.is_written = true,
		.meaning = "a restart of the agent ends its trackers",
		.remedy = "mount -t bpf bpf /sys/fs/bpf",
	};

	check_need(doctor, &need);
}

void doctor_check_tracefs(struct doctor *doctor)
{
	static const struct need need = {
		.path = "/sys/kernel/tracing",
		.type = "tracefs",
		.level = DOCTOR_PROBLEM,
		.meaning = "tracepoints cannot be found",
		.remedy = "mount -t tracefs tracefs /sys/kernel/tracing",
	};

	check_need(doctor, &need);
}

void doctor_check_cgroup(struct doctor *doctor)
{
	static const struct need need = {
		.path = "/sys/fs/cgroup",
		.type = "cgroup2",
		.level = DOCTOR_NOTE,
		.meaning = "trackers attach to control groups of version 2 only",
		.remedy = "for trackers of control groups, add "
			  "'systemd.unified_cgroup_hierarchy=1' to the kernel's command line and "
			  "restart",
	};

	check_need(doctor, &need);
}
