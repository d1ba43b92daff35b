/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a report that come from the host: kernel, files, units, journal. */
#include "report.h"

#include "base/fd.h"
#include "base/str.h"
#include "ctl_limits.h"
#include "process.h"
#include "redact.h"

#include <inttypes.h>
#include <stdio.h>

#define CONFIG_PATH "/etc/eunomia/eunomiad.conf"

/* "ROOT/PATH"; free() it; NULL if there is no memory. */
static char *make_path(const struct report *report, const char *path)
{
	char *full = NULL;

	return asprintf(&full, "%s%s", report->root, path) < 0 ? NULL : full;
}

/* Appends a file. Return: 0; -errno with @err filled. */
static int read_file(const struct report *report, const char *path, struct eub_buf *text,
		     struct eun_error *err)
{
	_cleanup_(eub_freep) char *full = make_path(report, path);
	int r = full ? eub_read_file(full, CTL_REPORT_PART_MAX_BYTES, text) : -ENOMEM;

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_IO, "cannot read '%s': %s", path,
				     strerror(-r));
	return 0;
}

/* Appends what a program says, as redact_config() leaves it. */
static int run(const char *const *argv, struct eub_buf *out, struct eun_error *err)
{
	const struct process_limits limits = {
		.timeout_ms = CTL_PROBE_TIMEOUT_MS,
		.max_bytes = CTL_REPORT_PART_MAX_BYTES,
	};
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *path = NULL;
	int r = process_find(argv[0], &path);

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_IO, "there is no %s", argv[0]);
	r = process_capture(path, argv, &limits, &text, err);
	if (r < 0)
		return r;
	if (text.len == 0)
		return eun_error_set(err, -ENODATA, EUN_REASON_IO,
				     "%s says nothing, and ends with status %d", argv[0], r);
	redact_config(out, text.data, text.len);
	return 0;
}

/* Kernel */

int report_kernel(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	static const struct {
		const char *path;
		void (*redact)(struct eub_buf *out, const char *text, size_t n);
	} files[] = {
		{ "/proc/sys/kernel/osrelease", redact_text },
		{ "/proc/sys/kernel/version", redact_text },
		{ "/proc/cmdline", redact_cmdline },
		{ "/proc/uptime", redact_text },
		{ "/proc/sys/kernel/tainted", redact_text },
		{ "/proc/sys/kernel/unprivileged_bpf_disabled", redact_text },
		{ "/proc/sys/kernel/bpf_stats_enabled", redact_text },
		{ "/proc/sys/kernel/perf_event_paranoid", redact_text },
		{ "/proc/sys/net/core/bpf_jit_enable", redact_text },
		{ "/sys/kernel/security/lsm", redact_text },
		{ "/sys/kernel/security/lockdown", redact_text },
		{ "/etc/os-release", redact_text },
	};

	(void)err; /* each file says for itself why it is not there */
	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++) {
		_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
		struct eun_error why = EUN_ERROR_INIT;

		eub_buf_printf(out, "==> %s <==\n", files[i].path);
		if (read_file(report, files[i].path, &text, &why) < 0)
			eub_buf_printf(out, "%s\n", why.message);
		else if (text.len > 0)
			files[i].redact(out, text.data, text.len);
		eun_error_done(&why);
	}
	return 0;
}

/* Appends the lines of @text that contain one of @words. */
static void append_lines(struct eub_buf *out, struct eub_buf *text, const char *const *words)
{
	char *rest = text->data;
	const char *line;

	while ((line = strsep(&rest, "\n"))) {
		for (size_t i = 0; words[i]; i++) {
			if (strstr(line, words[i])) {
				redact_text(out, line, strlen(line));
				eub_buf_append_char(out, '\n');
				break;
			}
		}
	}
}

/* Reads a file of lines as a string. */
static int read_lines(const struct report *report, const char *path, struct eub_buf *text,
		      struct eun_error *err)
{
	int r = read_file(report, path, text, err);

	eub_buf_append_char(text, '\0');
	if (r == 0 && text->has_failed)
		return eun_error_set(err, -ENOMEM, EUN_REASON_NO_MEMORY, "out of memory");
	return r;
}

int report_mounts(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	/* The type stands after a lone dash: proc_pid_mountinfo(5). */
	static const char *const types[] = { " - bpf ",	       " - tracefs ", " - debugfs ",
					     " - securityfs ", " - cgroup2 ", NULL };
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	int r = read_lines(report, "/proc/self/mountinfo", &text, err);

	if (r == 0)
		append_lines(out, &text, types);
	return r;
}

/* Appends the paths of the libraries that a process has mapped, each once. */
static int append_libraries(const struct report *report, const char *path, struct eub_buf *out,
			    struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	const char *last = "";
	char *rest;
	char *line;
	int r = read_lines(report, path, &text, err);

	if (r < 0)
		return r;
	rest = text.data;
	while ((line = strsep(&rest, "\n"))) {
		const char *file = strchr(line, '/');

		/* The mappings of one file follow each other. */
		if (!file || !strstr(file, ".so") || eub_streq(file, last))
			continue;
		eub_append_printable(out, file, strlen(file));
		eub_buf_append_char(out, '\n');
		last = file;
	}
	return 0;
}

int report_libraries(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	struct eun_error why = EUN_ERROR_INIT;
	char path[64];
	int r;

	eub_buf_append_str(out, "==> eunomiactl <==\n");
	r = append_libraries(report, "/proc/self/maps", out, err);
	if (r < 0 || report->doctor->agent_pid == 0)
		return r;
	eub_buf_append_str(out, "==> eunomiad <==\n");
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)report->doctor->agent_pid);
	if (append_libraries(report, path, out, &why) < 0)
		eub_buf_printf(out, "%s\n", why.message);
	eun_error_done(&why);
	return 0;
}

/* Configuration and service manager */

int report_file(const struct report *report, const char *path, struct eub_buf *out,
		struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	int r = read_file(report, path, &text, err);

	if (r == 0 && text.len > 0)
		redact_config(out, text.data, text.len);
	return r;
}

int report_config(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	return report_file(report, CONFIG_PATH, out, err);
}

int report_unit(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	static const char properties[] =
	    "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState,"
	    "ExecMainStatus,ActiveEnterTimestamp,MemoryCurrent,CPUUsageNSec,FragmentPath,"
	    "DropInPaths";
	static const char *const cat[] = { "systemctl",	      "cat",
					   "--no-pager",      "eunomiad.service",
					   "eunomiad.socket", NULL };
	static const char *const status[] = { "systemctl",	 "show",     "eunomiad.service",
					      "eunomiad.socket", properties, NULL };
	int r;

	(void)report; /* systemd knows no other root */
	r = run(status, out, err);
	if (r == 0)
		r = run(cat, out, err);
	return r;
}

int report_journal(const struct report *report, struct eub_buf *out, struct eun_error *err)
{
	char lines[24];
	/* Events have identifiers of their own, eunomia/SLOT; debug lines may quote them. */
	const char *const argv[] = {
		"journalctl",
		"--unit=eunomiad.service",
		"--identifier=eunomiad",
		"--identifier=systemd",
		"--priority=info",
		"--output=short-iso-precise",
		"--no-hostname",
		"--no-pager",
		"--quiet",
		"--lines",
		lines,
		NULL,
	};
	int r;

	(void)snprintf(lines, sizeof(lines), "%" PRIu64, report->n_lines);
	r = run(argv, out, err);
	if (r == -ENODATA)
		eun_error_set_hint(err, "root sees all of the journal");
	return r;
}
