/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager and the journal say. */
#include "doctor.h"

#include "base/str.h"
#include "ctl_limits.h"
#include "process.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define UNIT "eunomiad.service"

/* Properties of a unit as "systemctl show" gives them, NAME=VALUE a line. */
static int show_unit(const char *unit, char ret_text[static DOCTOR_TEXT_MAX], struct eun_error *err)
{
	const char *const argv[] = {
		"systemctl",
		"show",
		unit,
		"--property=LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState",
		NULL,
	};
	const struct process_limits limits = {
		.timeout_ms = CTL_PROBE_TIMEOUT_MS,
		.max_bytes = DOCTOR_TEXT_MAX - 1,
	};
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *path = NULL;
	int r = process_find(argv[0], &path);

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_IO, "there is no systemctl");
	r = process_capture(path, argv, &limits, &text, err);
	if (r > 0)
		return eun_error_set(err, -EIO, EUN_REASON_IO, "systemctl ended with status %d", r);
	if (r < 0)
		return r;
	if (text.len > 0)
		memcpy(ret_text, text.data, text.len);
	ret_text[text.len] = '\0';
	return 0;
}

/* Copies the value of @name out of the properties; "" if it is not there. */
static void get_property(const char *text, const char *name, char ret_value[static 64])
{
	size_t n = 0;
	const char *value = doctor_find_field(text, name, &n);

	(void)snprintf(ret_value, 64, "%.*s", value ? (int)EUB_MIN(n, (size_t)63) : 0,
		       value ? value : "");
}

static bool is_state(const char *unit, const char *wanted)
{
	char text[DOCTOR_TEXT_MAX];
	char state[64];

	if (show_unit(unit, text, NULL) < 0)
		return false;
	get_property(text, "ActiveState=", state);
	return eub_streq(state, wanted);
}

bool doctor_is_agent_idle(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *running = doctor_path(doctor, "/run/systemd/system");

	return running && access(running, F_OK) == 0 && is_state(UNIT, "inactive") &&
	       is_state("eunomiad.socket", "active");
}

/* How bad it is that the unit is not up: an agent that answers was started in another way, and one
 * whose socket is there starts when it is called. */
static enum doctor_level get_level(const struct doctor *doctor)
{
	return doctor->agent_pid > 0 || doctor->is_idle ? DOCTOR_NOTE : DOCTOR_PROBLEM;
}

static void judge_unit(struct doctor *doctor, const char *text)
{
	char load[64], active[64], sub[64], result[64], restarts[64], file[64];

	get_property(text, "LoadState=", load);
	get_property(text, "ActiveState=", active);
	get_property(text, "SubState=", sub);
	get_property(text, "Result=", result);
	get_property(text, "NRestarts=", restarts);
	get_property(text, "UnitFileState=", file);
	if (!eub_streq(load, "loaded")) {
		doctor_find(doctor, get_level(doctor), UNIT " is %s",
			    eub_streq(load, "not-found") ? "not installed" : load);
		doctor_remedy(doctor, "install the package 'eunomia', then systemctl "
				      "daemon-reload");
		return;
	}
	if (eub_streq(active, "active") || eub_streq(active, "reloading")) {
		doctor_find(doctor, DOCTOR_OK, UNIT " is %s (%s), %s", active, sub, file);
	} else {
		doctor_find(doctor, get_level(doctor), UNIT " is %s (%s), result %s", active, sub,
			    result);
		doctor_remedy(doctor, "journalctl -u eunomiad -e tells why; systemctl start "
				      "eunomiad");
	}
	if (*restarts && !eub_streq(restarts, "0")) {
		doctor_find(doctor, DOCTOR_NOTE, UNIT " was started again %s times after it failed",
			    restarts);
		doctor_remedy(doctor, "journalctl -u eunomiad tells why");
	}
	if (eub_streq(file, "disabled")) {
		doctor_find(doctor, DOCTOR_NOTE, UNIT " is not started at boot");
		doctor_remedy(doctor, "systemctl enable eunomiad");
	}
}

void doctor_check_unit(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *running = doctor_path(doctor, "/run/systemd/system");
	struct eun_error err = EUN_ERROR_INIT;
	char text[DOCTOR_TEXT_MAX];

	if (!running)
		return;
	if (access(running, F_OK) < 0) {
		doctor_find(doctor, DOCTOR_NOTE, "systemd does not run this host");
	} else if (show_unit(UNIT, text, &err) < 0) {
		doctor_find(doctor, DOCTOR_NOTE, "cannot ask systemd: %s", err.message);
	} else {
		judge_unit(doctor, text);
	}
	eun_error_done(&err);
}

/* Whether somebody listens at a datagram socket. Return: 0; -errno of connect(2). */
static int try_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(eub_closep) int fd = -EBADF;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

void doctor_check_journal(struct doctor *doctor)
{
	static const char path[] = "/run/systemd/journal/socket";
	_cleanup_(eub_freep) char *full = doctor_path(doctor, path);
	int r = full ? try_socket(full) : -ENOMEM;

	if (r == 0) {
		doctor_find(doctor, DOCTOR_OK, "journald listens");
		return;
	}
	if (r == -EACCES) {
		doctor_unseen(doctor, path, r);
		return;
	}
	doctor_find(doctor, DOCTOR_NOTE,
		    "nobody listens at %s (%s): events are not kept, streams have them all", path,
		    strerror(-r));
	doctor_remedy(doctor, "if this host has systemd: systemctl start systemd-journald");
}
