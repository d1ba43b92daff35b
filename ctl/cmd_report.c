/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl report: an archive of what somebody else needs to look for a fault. Each part is
 * gathered by itself; what cannot be had is replaced by the reason, in the archive and in what is
 * printed, so that the archive is made on a broken host, too. What may be a secret is taken out
 * before it gets in (redact.h), events are not in it, and the file is its owner's alone.
 */
#include "archive.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cmd_doctor.h"
#include "cmd_report_agent.h"
#include "ctl_limits.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define DECLARATIONS_MAX 1024
#define NS_PER_S	 1000000000u

const struct option_row cmd_report_options[] = {
	{ "lines", 'n', OPTION_COUNT, OPTION_OFFSET(lines), "N", COMPLETE_NOTHING,
	  "lines of the journal (500)" },
	{ 0 },
};

static const char rules[] =
    "Redacted are: text values of settings and arguments (numbers stay), Environment= of units,\n"
    "passwords and queries of URLs, values of keys that sound secret, parameters of the kernel's\n"
    "command line that do not bear on tracing. Events are not included. Names of the host, of\n"
    "users, files, programs and slots are.\n"
    "Look through it before you send it: tar -xzf FILE\n";

static const struct report_part parts[] = {
	{ "versions.txt", report_versions },   { "doctor.txt", report_doctor },
	{ "doctor.json", report_doctor_json }, { "info.json", report_info },
	{ "slots.json", report_slots },	       { "programs.txt", report_programs },
	{ "kernel.txt", report_kernel },       { "mounts.txt", report_mounts },
	{ "libraries.txt", report_libraries }, { "etc/eunomiad.conf", report_config },
	{ "unit.txt", report_unit },	       { "journal.txt", report_journal },
};

/* An archive in the making. */
struct bundle {
	struct report report;
	struct archive *archive;
	char folder[160];    /* in which all files are */
	char file_name[168]; /* of the archive, unless another is given */
	struct eub_buf contents;
	struct eub_buf left_out;
	int error; /* the first failure of the archive itself; 0: none */
};

static void add_file(struct bundle *bundle, const char *name, const struct eub_buf *data)
{
	_cleanup_(eub_freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", bundle->folder, name) < 0) {
		path = NULL;
		bundle->error = -ENOMEM;
	}
	if (bundle->error == 0)
		bundle->error = data->has_failed
				    ? -ENOMEM
				    : archive_add(bundle->archive, path, data->data, data->len);
}

/* Adds a part that was gathered with the result @r; empties @data and @err. */
static void add_part(struct bundle *bundle, const char *name, int r, struct eub_buf *data,
		     struct eun_error *err)
{
	if (r < 0) {
		eub_buf_clear(data);
		eub_append_printable(data, err->message, strlen(err->message));
		eub_buf_printf(&bundle->left_out, "  %-26s ", name);
		eub_buf_append(&bundle->left_out, data->data, data->len);
		if (err->hint[0])
			eub_buf_printf(&bundle->left_out, " (%s)", err->hint);
		eub_buf_append_char(&bundle->left_out, '\n');
		eub_buf_append_char(data, '\n');
	} else {
		eub_buf_printf(&bundle->contents, "  %-26s %zu bytes\n", name, data->len);
	}
	add_file(bundle, name, data);
	eub_buf_done(data);
	eun_error_done(err);
}

static void add_slot(struct bundle *bundle, const char *slot)
{
	static const struct {
		const char *name;
		int (*gather)(const struct report *report, const char *slot, struct eub_buf *out,
			      struct eun_error *err);
	} files[] = {
		{ "show.json", report_show },
		{ "history.json", report_history },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++) {
		struct eub_buf data = EUB_BUF_INIT;
		struct eun_error err = EUN_ERROR_INIT;
		char name[128];

		(void)snprintf(name, sizeof(name), "slots/%.63s/%s", slot, files[i].name);
		add_part(bundle, name, files[i].gather(&bundle->report, slot, &data, &err), &data,
			 &err);
	}
}

static int is_declaration(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && eub_has_suffix(entry->d_name, ".conf") &&
	       strlen(entry->d_name) < 80;
}

static void add_declaration(struct bundle *bundle, const char *folder, const char *file)
{
	_cleanup_(eub_freep) char *path = NULL;
	struct eub_buf data = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;
	char name[128];

	if (asprintf(&path, "%s/%s", folder, file) < 0) {
		path = NULL;
		bundle->error = -ENOMEM;
		return;
	}
	(void)snprintf(name, sizeof(name), "etc/trackers.d/%.80s", file);
	add_part(bundle, name, report_file(&bundle->report, path, &data, &err), &data, &err);
}

static void add_declarations(struct bundle *bundle)
{
	const char *folder = report_get_declared_dir(&bundle->report);
	struct eub_buf data = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_declaration, alphasort);

	if (n < 0)
		add_part(bundle, "etc/trackers.d/none",
			 eun_error_set(&err, -errno, EUN_REASON_IO, "cannot list '%s': %s", folder,
				       strerror(errno)),
			 &data, &err);
	for (int i = 0; i < n; i++) {
		if (i < DECLARATIONS_MAX)
			add_declaration(bundle, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* What it contains, and what not; for people, in the archive and on the screen. */
static void append_summary(const struct bundle *bundle, struct eub_buf *out)
{
	eub_buf_append_str(out, "contains:\n");
	eub_buf_append(out, bundle->contents.data, bundle->contents.len);
	if (bundle->left_out.len > 0) {
		eub_buf_append_str(out, "left out:\n");
		eub_buf_append(out, bundle->left_out.data, bundle->left_out.len);
	}
	eub_buf_append_str(out, rules);
	out->has_failed |= bundle->contents.has_failed || bundle->left_out.has_failed;
}

static void add_all(struct bundle *bundle)
{
	struct eub_buf readme = EUB_BUF_INIT;
	const char *slot;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(parts); i++) {
		struct eub_buf data = EUB_BUF_INIT;
		struct eun_error err = EUN_ERROR_INIT;

		add_part(bundle, parts[i].name, parts[i].gather(&bundle->report, &data, &err),
			 &data, &err);
	}
	for (size_t i = 0; (slot = report_get_slot(&bundle->report, i)); i++)
		add_slot(bundle, slot);
	add_declarations(bundle);
	append_summary(bundle, &readme);
	add_file(bundle, "README", &readme);
	eub_buf_done(&readme);
}

/* "eunomia-report-HOST-20261121T100500Z". */
static void set_folder(struct bundle *bundle, time_t now)
{
	char host[65] = "";
	char at[32] = "";
	struct tm tm;

	/* A name that cannot be had, or does not fit, is not needed either. */
	(void)gethostname(host, sizeof(host) - 1);
	for (char *c = host; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *c))
			*c = '_';
	if (gmtime_r(&now, &tm))
		(void)strftime(at, sizeof(at), "%Y%m%dT%H%M%SZ", &tm);
	(void)snprintf(bundle->folder, sizeof(bundle->folder), "eunomia-report-%s-%s", host, at);
}

static int make(struct bundle *bundle, struct eub_buf *ret_bytes, struct eun_error *err)
{
	uint64_t now_s = eub_clock_wall_ns() / NS_PER_S;
	int r;

	set_folder(bundle, (time_t)now_s);
	if (archive_new(now_s, &bundle->archive) < 0)
		return eub_error_no_memory(err);
	add_all(bundle);
	r = bundle->error;
	if (r == 0)
		r = archive_finish(bundle->archive, ret_bytes);
	bundle->archive = archive_free(bundle->archive);
	if (r == -ENOMEM)
		return eub_error_no_memory(err);
	return r == 0 ? 0
		      : eun_error_set(err, r, EUN_REASON_INTERNAL, "cannot make an archive: %s",
				      strerror(-r));
}

static int write_to_stdout(const struct eub_buf *bytes, struct eun_error *err)
{
	int r;

	if (!output_is_terminal()) {
		r = output_write(bytes->data, bytes->len, err);
		return r == -EPIPE ? 0 : r;
	}
	(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
			    "an archive is not for terminals");
	eun_error_set_hint(err, "name a file, or send it on: eunomiactl report - > FILE");
	return -EINVAL;
}

static int write_to_file(const char *path, const struct eub_buf *bytes, struct eun_error *err)
{
	struct stat st;
	int r;

	/* The file is replaced; a device of that name must stay what it is. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return eun_error_set(err, -EEXIST, EUN_REASON_IO, "it is there, and no plain file");
	r = eub_write_file_atomic(path, bytes->data, bytes->len, 0600);
	return r < 0 ? eun_error_set(err, r, EUN_REASON_IO, "cannot write it: %s", strerror(-r))
		     : 0;
}

/* Tells what was made. With -q only where it is. */
static enum ctl_exit print_summary(const struct bundle *bundle, const char *path, size_t n_bytes)
{
	const struct ctl *ctl = bundle->report.ctl;
	bool is_stream = eub_streq(path, "-");
	struct eub_buf out = EUB_BUF_INIT;

	if (!is_stream)
		eub_buf_printf(&out, "%s\n", path);
	if (!ctl->options.is_quiet) {
		eub_buf_printf(&out, "%zu bytes, mode 0600; ", n_bytes);
		append_summary(bundle, &out);
	}
	if (!is_stream)
		return ctl_print(ctl, &out);
	(void)eub_write_all(STDERR_FILENO, out.data, out.len); /* as all remarks */
	eub_buf_done(&out);
	return CTL_EXIT_OK;
}

static int write_report(struct bundle *bundle, const char **path, struct eub_buf *bytes,
			struct eun_error *err)
{
	int r = make(bundle, bytes, err);

	if (r < 0)
		return r;
	(void)snprintf(bundle->file_name, sizeof(bundle->file_name), "%s.tar.gz", bundle->folder);
	if (!*path)
		*path = bundle->file_name;
	return eub_streq(*path, "-") ? write_to_stdout(bytes, err)
				     : write_to_file(*path, bytes, err);
}

enum ctl_exit cmd_report(struct ctl *ctl)
{
	const char *path =
	    ctl->arguments.positional.n > 0 ? ctl->arguments.positional.items[0] : NULL;
	_cleanup_(eub_buf_done) struct eub_buf bytes = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;
	struct doctor_agent agent;
	struct doctor doctor;
	struct bundle bundle = {
		.report = { .ctl = ctl, .root = "", .doctor = &doctor, .agent = &agent },
	};
	enum ctl_exit status;

	bundle.report.n_lines = ctl->options.lines > 0 ? ctl->options.lines : CTL_REPORT_LINES;
	doctor_init(&doctor);
	doctor_examine(&doctor, &agent, ctl);
	if (write_report(&bundle, &path, &bytes, &err) < 0)
		status = ctl_fail(ctl, path, &err);
	else
		status = print_summary(&bundle, path, bytes.len);
	eub_buf_done(&bundle.contents);
	eub_buf_done(&bundle.left_out);
	doctor_done(&doctor);
	doctor_agent_done(&agent);
	eun_error_done(&err);
	return status;
}
