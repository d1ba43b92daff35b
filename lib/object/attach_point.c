/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lookup per kind of point. libbpf reports a missing attach point as a bare ENOENT or ESRCH; an
 * operator needs the name and what the kernel has instead.
 */
#include "object/attach_point.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/near.h"
#include "base/str.h"
#include "object/need.h"
#include "object/privilege.h"
#include "object/user_symbol.h"

#include <dirent.h>
#include <errno.h>
#include <linux/btf.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#define KALLSYMS_BYTES_MAX (64u << 20)

static const char *const tracefs_folders[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

static const char *find_tracefs(void)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(tracefs_folders); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/events", tracefs_folders[i]);
		/* Only tracefs closes its folder to all but root; that is said later. */
		if (eub_path_exists(path) || errno == EACCES)
			return tracefs_folders[i];
	}
	return NULL;
}

static int missing(struct eun_error *err, const struct eun__attach_kind *kind, const char *name,
		   const struct eub_near *near)
{
	eun_error_set_subject(err, name);
	(void)eun_error_set(err, -ENOENT, EUN_REASON_NO_ATTACH_POINT, "this kernel has no %s '%s'",
			    kind->name, name);
	eub_near_hint(near, err);
	return -ENOENT;
}

static void offer_events(const char *folder, const char *category, bool with_category,
			 struct eub_near *near)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/events/%s", folder, category);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char name[600];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", with_category ? category : "",
			       with_category ? "/" : "", entry->d_name);
		eub_near_offer(near, name);
	}
	(void)closedir(dir); /* read only */
}

/* "category/name" */
static int check_tracepoint(const struct eun__attach_kind *kind, const char *target,
			    struct eun__kernel_btf *btf EUB_UNUSED, struct eun_error *err)
{
	const char *folder = find_tracefs();
	const char *slash = strchr(target, '/');
	struct eub_near near = EUB_NEAR_INIT(target);
	char category[128];
	char path[512];

	if (!folder) {
		eun_error_set_hint(err, "mount -t tracefs tracefs /sys/kernel/tracing");
		return eun_error_set(err, -ENOENT, EUN_REASON_UNSUPPORTED,
				     "tracepoint '%s' cannot be looked up: tracefs is not mounted",
				     target);
	}
	if (!slash || (size_t)(slash - target) >= sizeof(category) || strstr(target, ".."))
		return missing(err, kind, target, &near);
	(void)snprintf(path, sizeof(path), "%s/events/%s/id", folder, target);
	if (eub_path_exists(path))
		return 0;
	if (errno == EACCES) {
		eun__privilege_hint(EUN__STEP_LOOK, err);
		return eun_error_set(err, -EACCES, EUN_REASON_PERMISSION, "'%s' cannot be read: %s",
				     path, strerror(EACCES));
	}
	(void)snprintf(category, sizeof(category), "%.*s", (int)(slash - target), target);
	offer_events(folder, category, true, &near);
	if (near.n_best == 0)
		offer_events(folder, "", false, &near);
	return missing(err, kind, target, &near);
}

struct btf_search {
	struct eub_near near;
	const char *prefix;
	bool is_found;
};

static void on_btf_name(const char *name, void *userdata)
{
	struct btf_search *search = userdata;

	if (!eub_has_prefix(name, search->prefix))
		return;
	name += strlen(search->prefix);
	if (eub_streq(name, search->near.wanted))
		search->is_found = true;
	else
		eub_near_offer(&search->near, name);
}

static int check_btf(const struct eun__attach_kind *kind, const char *target,
		     struct eun__kernel_btf *btf, unsigned int btf_kind, const char *prefix,
		     struct eun_error *err)
{
	struct btf_search search = { .near = EUB_NEAR_INIT(target), .prefix = prefix };

	/* Without types nothing can be said, and loading will tell. */
	if (eun__kernel_btf_each_name(btf, btf_kind, on_btf_name, &search, NULL) < 0)
		return 0;
	return search.is_found ? 0 : missing(err, kind, target, &search.near);
}

/* The kernel declares "typedef void (*btf_trace_NAME)(...)" for each tracepoint. */
static int check_raw_tracepoint(const struct eun__attach_kind *kind, const char *target,
				struct eun__kernel_btf *btf, struct eun_error *err)
{
	return check_btf(kind, target, btf, BTF_KIND_TYPEDEF, "btf_trace_", err);
}

static int check_kernel_type(const struct eun__attach_kind *kind, const char *target,
			     struct eun__kernel_btf *btf, struct eun_error *err)
{
	return check_btf(kind, target, btf, BTF_KIND_FUNC, "", err);
}

/* "function" or "function+offset" */
static int check_kernel_function(const struct eun__attach_kind *kind, const char *target,
				 struct eun__kernel_btf *btf EUB_UNUSED, struct eun_error *err)
{
	_cleanup_(eub_freep) char *function = strndup(target, strcspn(target, "+"));
	struct eub_near near = EUB_NEAR_INIT(function);
	struct eub_buf symbols = EUB_BUF_INIT;
	bool is_found = false;
	char *save = NULL;
	char *text;

	if (!function)
		return eub_error_no_memory(err);
	if (eub_read_file("/proc/kallsyms", KALLSYMS_BYTES_MAX, &symbols) < 0) {
		eub_buf_done(&symbols);
		return 0;
	}
	text = eub_buf_take_string(&symbols);
	/* "address type name [module]" a line */
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line && !is_found;
	     line = strtok_r(NULL, "\n", &save)) {
		char name[128];
		char type;

		if (sscanf(line, "%*x %c %127s", &type, name) != 2 || (type | 0x20) != 't')
			continue;
		is_found = eub_streq(name, function);
		eub_near_offer(&near, name);
	}
	free(text);
	return is_found ? 0 : missing(err, kind, function, &near);
}

/* "path:function" or "path:function+offset" */
static int check_user_function(const struct eun__attach_kind *kind, const char *target,
			       struct eun__kernel_btf *btf EUB_UNUSED, struct eun_error *err)
{
	const char *colon = strrchr(target, ':');
	_cleanup_(eub_freep) char *path = NULL;
	_cleanup_(eub_freep) char *function = NULL;
	struct eub_near near;

	/* libbpf searches for programs and libraries that are given without a folder. */
	if (!colon || target[0] != '/')
		return 0;
	path = strndup(target, (size_t)(colon - target));
	function = strndup(colon + 1, strcspn(colon + 1, "+"));
	if (!path || !function)
		return eub_error_no_memory(err);
	near = EUB_NEAR_INIT(function);
	if (!eub_path_exists(path)) {
		(void)missing(err, kind, target, &near);
		eun_error_set_hint(err, "the file '%s' does not exist here", path);
		return -ENOENT;
	}
	/* Numbers are addresses; files without symbols may have them elsewhere (debug links). */
	if (strncmp(function, "0x", 2) == 0 || eun__user_symbol_find(path, function, &near) != 0)
		return 0;
	return missing(err, kind, target, &near);
}

typedef int (*check_fn)(const struct eun__attach_kind *kind, const char *target,
			struct eun__kernel_btf *btf, struct eun_error *err);

static const check_fn checks[_EUN__POINT_MAX] = {
	[EUN__POINT_TRACEPOINT] = check_tracepoint,
	[EUN__POINT_RAW_TRACEPOINT] = check_raw_tracepoint,
	[EUN__POINT_KERNEL_FUNCTION] = check_kernel_function,
	[EUN__POINT_KERNEL_TYPE] = check_kernel_type,
	[EUN__POINT_USER_FUNCTION] = check_user_function,
};

int eun__attach_point_check(const struct eun__attach_kind *kind, const char *section,
			    struct eun__kernel_btf *btf, struct eun_error *err)
{
	const char *slash = strchr(section, '/');
	int r = eun__need_check(kind, err);

	if (r < 0 || !checks[kind->point] || !slash)
		return r;
	return checks[kind->point](kind, slash + 1, btf, err);
}

/* Few enough to be told all, when none is near. */
#define INTERFACES_TOLD 8

static void hint_interfaces(const char *wanted, struct eun_error *err)
{
	struct if_nameindex *interfaces = if_nameindex();
	struct eub_near near = EUB_NEAR_INIT(wanted);
	struct eub_buf names = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *text = NULL;
	size_t n = 0;

	for (; interfaces && interfaces[n].if_index != 0; n++) {
		eub_near_offer(&near, interfaces[n].if_name);
		if (n < INTERFACES_TOLD)
			eub_buf_printf(&names, "%s'%s'", n ? ", " : "", interfaces[n].if_name);
	}
	if_freenameindex(interfaces);
	if (n > INTERFACES_TOLD)
		eub_buf_append_str(&names, ", ...");
	text = eub_buf_take_string(&names);
	if (!eub_near_hint(&near, err) && text && n > 0)
		eun_error_set_hint(err, "there are %s", text);
}

static int check_interface(const char *name, struct eun_error *err)
{
	if (if_nametoindex(name) > 0)
		return 0;
	eun_error_set_subject(err, name);
	(void)eun_error_set(err, -ENOENT, EUN_REASON_NO_TARGET,
			    "there is no network interface '%s'", name);
	hint_interfaces(name, err);
	return -ENOENT;
}

static int check_cgroup(const char *path, struct eun_error *err)
{
	struct statfs info;
	int r = statfs(path, &info) < 0 ? -errno : 0;

	if (r == 0 && info.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	eun_error_set_subject(err, path);
	eun_error_set_hint(err, "cgroups are folders below where cgroup v2 is mounted, mostly "
				"/sys/fs/cgroup: findmnt -t cgroup2");
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_NO_TARGET,
				     "the cgroup '%s' cannot be found: %s", path, strerror(-r));
	return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
			     "'%s' is not a cgroup (of version 2)", path);
}

int eun__attach_point_check_target(const struct eun__target *target, struct eun_error *err)
{
	if (target->point == EUN__POINT_INTERFACE)
		return check_interface(target->name, err);
	if (target->point == EUN__POINT_CGROUP)
		return check_cgroup(target->name, err);
	return 0;
}
