/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state folder:
 *
 *   lock                  held by flock(2) while an agent uses the folder; its pid, for people
 *   version               format of all that follows, a decimal number
 *   slots/NAME/slot       the slot's record (state.proto)
 *   slots/NAME/gen-N      package of generation N
 *   quarantine/NAME-TIME/ a slot that could not be used, with a file "reason"
 *
 * Every file is replaced as a whole, and a slot is removed by renaming its folder to a name that no
 * slot can have; so at any instant each slot is there or not, and what a crash leaves over is known
 * by its name and removed at the next start.
 *
 * Only what is to last over a power failure is synced: the page cache outlasts our own crash, and
 * an fsync costs more than all the rest of a start.
 */
#include "state_internal.h"

#include "fault.h"
#include "folder.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/slot.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define VERSION	      1
#define VERSION_BYTES 32
#define PID_BYTES     32

char *state_make_path(const struct state *state, const char *format, ...)
{
	struct eub_buf buf = EUB_BUF_INIT;
	va_list args;

	eub_buf_printf(&buf, "%s/", state->path);
	va_start(args, format);
	eub_buf_vprintf(&buf, format, args);
	va_end(args);
	return eub_buf_take_string(&buf);
}

/* A folder from before versions were written, or a new one: it gets its sub-folders. */
static int migrate_from_0(const struct state *state, struct eun_error *err)
{
	static const char *const folders[] = { "slots", "quarantine" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(folders); i++) {
		_cleanup_(eub_freep) char *path = state_make_path(state, "%s", folders[i]);
		int r;

		if (!path)
			return eub_error_no_memory(err);
		r = folder_make(path);
		if (r < 0)
			return state_file_fail(err, r, "make", path);
	}
	return 0;
}

/*
 * migrations[N] makes version N + 1 of version N. One that was interrupted is done again from its
 * start, so each must stand that.
 */
static int (*const migrations[])(const struct state *state, struct eun_error *err) = {
	migrate_from_0,
};
_Static_assert(EUB_ARRAY_SIZE(migrations) == VERSION, "a way from every older version");

/* 0 where no version was ever written, or the write was lost in a power failure. */
static int read_version(const char *path, uint64_t *ret_version, struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf buf = EUB_BUF_INIT;
	char text[VERSION_BYTES + 1] = "";
	int r = eub_read_file(path, VERSION_BYTES, &buf);

	*ret_version = 0;
	if (r == -ENOENT || (r == 0 && buf.len == 0))
		return 0;
	if (r == 0) {
		memcpy(text, buf.data, buf.len);
		text[strcspn(text, "\n")] = '\0';
		r = eub_parse_u64(text, ret_version);
	}
	if (r == -EINVAL || r == -ERANGE || r == -EFBIG) {
		(void)eun_error_set(err, -EBADMSG, EUN_REASON_IO, "'%s' holds no version number",
				    path);
		eun_error_set_hint(err, "restore that file, or move the folder away to begin with "
					"no slots");
		return -EBADMSG;
	}
	return r < 0 ? state_file_fail(err, r, "read", path) : 0;
}

static int refuse_version(const char *path, uint64_t version, struct eun_error *err)
{
	(void)eun_error_set(err, -EPROTONOSUPPORT, EUN_REASON_UNSUPPORTED,
			    "'%s' says version %" PRIu64 ", and this eunomiad knows versions up to "
			    "%d: a newer eunomiad wrote this folder",
			    path, version, VERSION);
	eun_error_set_hint(err, "start that newer version again, or give this one another folder "
				"(StateDir=, --state-dir)");
	return -EPROTONOSUPPORT;
}

/* Not synced: an agent starts within milliseconds. A version that gets lost is found out again. */
static int write_version(const char *path, struct eun_error *err)
{
	const struct eub_replace_options options = { .mode = 0600, .on_step = fault_point };
	char text[VERSION_BYTES];
	int n = snprintf(text, sizeof(text), "%d\n", VERSION);
	int r = eub_replace_file(path, text, (size_t)n, &options);

	return r < 0 ? state_file_fail(err, r, "write", path) : 0;
}

static int migrate(const struct state *state, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "version");
	uint64_t version;
	int r;

	if (!path)
		return eub_error_no_memory(err);
	r = read_version(path, &version, err);
	if (r < 0 || version == VERSION)
		return r;
	if (version > VERSION)
		return refuse_version(path, version, err);
	for (; version < VERSION; version++) {
		r = migrations[version](state, err);
		if (r < 0)
			return r;
	}
	return write_version(path, err);
}

static int refuse_second(int fd, const char *path, struct eun_error *err)
{
	char pid[PID_BYTES] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
	(void)eun_error_set(err, -EBUSY, EUN_REASON_BUSY,
			    "the state folder '%s' is in use by another eunomiad, process %s", path,
			    pid[0] ? pid : "(not known)");
	eun_error_set_hint(err, "stop that one, or give this one folders of its own: --state-dir, "
				"--bpffs-dir, --socket");
	return -EBUSY;
}

static int take_lock(struct state *state, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "lock");
	char pid[PID_BYTES];
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (!path)
		return eub_error_no_memory(err);
	state->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (state->lock_fd < 0)
		return state_file_fail(err, -errno, "open", path);
	if (flock(state->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? refuse_second(state->lock_fd, state->path, err)
					    : state_file_fail(err, -errno, "lock", path);
	if (ftruncate(state->lock_fd, 0) < 0 || pwrite(state->lock_fd, pid, (size_t)n, 0) != n)
		return state_file_fail(err, errno > 0 ? -errno : -EIO, "write", path);
	return 0;
}

/*
 * The service manager's word goes before the kernel's: in a container a boot is not the kernel's.
 * Where it cannot be known every boot looks the same: slots that were not enabled come back too.
 *
 * Return: 0; -ENOMEM.
 */
static int read_boot_id(struct state *state, const char *path)
{
	_cleanup_(eub_buf_done) struct eub_buf buf = EUB_BUF_INIT;
	const char *given = getenv(STATE_BOOT_ID_VARIABLE);
	int r;

	if (given && *given) {
		(void)snprintf(state->boot_id, sizeof(state->boot_id), "%s", given);
		return 0;
	}
	r = eub_read_file(path, sizeof(state->boot_id) - 1, &buf);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	memcpy(state->boot_id, buf.data, buf.len);
	state->boot_id[strcspn(state->boot_id, "\n")] = '\0';
	return 0;
}

static int sweep_entry(const struct state *state, const char *name)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "slots/%s", name);

	if (!path)
		return -ENOMEM;
	return name[0] == '.' ? folder_remove(path) : state_sweep_slot(path, NULL);
}

/* What a crash left: half-written files, half-removed slots. */
static int sweep(const struct state *state, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "slots");
	char **names;
	size_t n;
	int r;

	if (!path)
		return eub_error_no_memory(err);
	r = folder_list(path, &names, &n);
	if (r < 0)
		return state_file_fail(err, r, "read", path);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = sweep_entry(state, names[i]);
		if (r == -ENOTDIR)
			r = 0; /* a file that somebody else put there */
	}
	folder_free_names(names, n);
	return r < 0 ? state_file_fail(err, r, "clean", path) : 0;
}

int state_open(const char *path, const char *boot_id_path, struct state **ret_state,
	       struct eun_error *err)
{
	_cleanup_(state_closep) struct state *state = calloc(1, sizeof(*state));
	int r;

	if (!state)
		return eub_error_no_memory(err);
	state->lock_fd = -EBADF;
	state->path = strdup(path);
	if (!state->path)
		return eub_error_no_memory(err);
	r = folder_make(path);
	if (r < 0)
		return state_file_fail(err, r, "make", path);
	r = take_lock(state, err);
	if (r == 0)
		r = migrate(state, err);
	if (r == 0)
		r = sweep(state, err);
	if (r < 0)
		return r;
	if (read_boot_id(state, boot_id_path) < 0)
		return eub_error_no_memory(err);
	*ret_state = EUB_TAKE_PTR(state);
	return 0;
}

struct state *state_close(struct state *state)
{
	if (!state)
		return NULL;
	eub_closep(&state->lock_fd);
	free(state->path);
	free(state);
	return NULL;
}

const char *state_get_boot_id(const struct state *state)
{
	return state->boot_id;
}

int state_list(const struct state *state, char ***ret_names, size_t *ret_n, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "slots");
	size_t n_valid = 0, n;
	char **names;
	int r;

	if (!path)
		return eub_error_no_memory(err);
	r = folder_list(path, &names, &n);
	if (r < 0)
		return state_file_fail(err, r, "read", path);
	for (size_t i = 0; i < n; i++) {
		if (eun_slot_name_is_valid(names[i]))
			names[n_valid++] = names[i];
		else
			free(names[i]);
	}
	*ret_names = names;
	*ret_n = n_valid;
	return 0;
}

void state_free_names(char **names, size_t n)
{
	folder_free_names(names, n);
}
