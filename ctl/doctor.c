/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings and their text. A check writes down what it finds in the order in which it finds it; the
 * first lack of memory is remembered and told at the end, so that checks need not look.
 */
#include "doctor.h"

#include "base/fd.h"
#include "base/str.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>

#define CHECK_COLUMN	9  /* after "problem  " */
#define EVIDENCE_COLUMN 24 /* after the longest name of a check */
#define TEXT_COLUMNS	40 /* what is left of a narrow terminal is too little: lines are longer */

static const char *const level_names[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_PROBLEM] = "problem",
};
static_assert(EUB_ARRAY_SIZE(level_names) == _DOCTOR_LEVEL_MAX, "one name per level");

void doctor_init(struct doctor *doctor)
{
	*doctor = (struct doctor){
		.root = "",
		.state_dir = "/var/lib/eunomia",
		.bpffs_dir = "/sys/fs/bpf/eunomia",
		.trackers_dir = EUNOMIA_TRACKERS_DIR,
	};
}

void doctor_done(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_findings; i++) {
		free(doctor->findings[i].evidence);
		free(doctor->findings[i].remedy);
	}
	free(doctor->findings);
	doctor_init(doctor);
}

void doctor_run(struct doctor *doctor, const struct doctor_check *checks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		doctor->check = checks[i].name;
		checks[i].run(doctor);
	}
}

const char *doctor_level_to_string(enum doctor_level level)
{
	return (unsigned int)level < _DOCTOR_LEVEL_MAX ? level_names[level] : "unknown";
}

size_t doctor_count(const struct doctor *doctor, enum doctor_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < doctor->n_findings; i++)
		n += doctor->findings[i].level == level;
	return n;
}

/* Formats to a string of its own; NULL after a failure, which is noted. */
static EUB_PRINTF(2, 0) char *format_text(struct doctor *doctor, const char *format, va_list args)
{
	struct eub_buf text = EUB_BUF_INIT;
	char *string;

	eub_buf_vprintf(&text, format, args);
	string = eub_buf_take_string(&text);
	doctor->has_failed |= !string;
	return string;
}

void doctor_find(struct doctor *doctor, enum doctor_level level, const char *format, ...)
{
	struct doctor_finding *findings =
	    reallocarray(doctor->findings, doctor->n_findings + 1, sizeof(*doctor->findings));
	char *evidence;
	va_list args;

	va_start(args, format);
	evidence = format_text(doctor, format, args);
	va_end(args);
	if (findings)
		doctor->findings = findings;
	if (!findings || !evidence) {
		doctor->has_failed = true;
		free(evidence);
		return;
	}
	findings[doctor->n_findings++] = (struct doctor_finding){
		.check = doctor->check,
		.level = level,
		.evidence = evidence,
	};
}

void doctor_remedy(struct doctor *doctor, const char *format, ...)
{
	struct doctor_finding *finding;
	va_list args;

	if (doctor->n_findings == 0) /* the finding itself failed */
		return;
	finding = &doctor->findings[doctor->n_findings - 1];
	free(finding->remedy);
	va_start(args, format);
	finding->remedy = format_text(doctor, format, args);
	va_end(args);
}

void doctor_unseen(struct doctor *doctor, const char *what, int code)
{
	doctor_find(doctor, DOCTOR_NOTE, "cannot look at %s: %s", what, strerror(-code));
	if (code == -EACCES || code == -EPERM)
		doctor_remedy(doctor, "root sees it: sudo eunomiactl doctor");
}

char *doctor_path(struct doctor *doctor, const char *format, ...)
{
	struct eub_buf path = EUB_BUF_INIT;
	char *string;
	va_list args;

	eub_buf_append_str(&path, doctor->root);
	va_start(args, format);
	eub_buf_vprintf(&path, format, args);
	va_end(args);
	string = eub_buf_take_string(&path);
	doctor->has_failed |= !string;
	return string;
}

int doctor_read(struct doctor *doctor, const char *path, char ret_text[static DOCTOR_TEXT_MAX])
{
	_cleanup_(eub_buf_done) struct eub_buf buf = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *full = doctor_path(doctor, "%s", path);
	int r = full ? eub_read_file(full, DOCTOR_TEXT_MAX - 1, &buf) : -ENOMEM;

	if (r < 0)
		return r;
	if (buf.len > 0)
		memcpy(ret_text, buf.data, buf.len);
	ret_text[buf.len] = '\0';
	if (buf.len > 0 && ret_text[buf.len - 1] == '\n')
		ret_text[buf.len - 1] = '\0';
	return 0;
}

const char *doctor_find_field(const char *text, const char *key, size_t *ret_n)
{
	size_t n_key = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n_key) == 0) {
			line += n_key;
			line += strspn(line, " \t");
			*ret_n = strcspn(line, "\n");
			return line;
		}
	}
	return NULL;
}

size_t doctor_parse_numbers(const char *text, const char *separators, int base,
			    uint64_t *ret_numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *end;

		text += strspn(text, separators);
		/* strtoull(3) takes signs and blanks as well. */
		if (base == 16 ? !isxdigit((unsigned char)*text) : !isdigit((unsigned char)*text))
			return i;
		ret_numbers[i] = strtoull(text, &end, base);
		text = end;
	}
	return n;
}

/* Appends @text in lines that end before @width; the first begins at @column, as do the others. */
static void append_wrapped(struct eub_buf *out, const char *text, size_t column, size_t width)
{
	size_t room = EUB_MAX(width > column ? width - column : 0, (size_t)TEXT_COLUMNS);
	size_t used = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (used > 0 && used + 1 + n > room) {
			eub_buf_append_char(out, '\n');
			eub_buf_fill(out, ' ', column);
			used = 0;
		} else if (used > 0) {
			eub_buf_append_char(out, ' ');
			used++;
		}
		eub_append_printable(out, text, n);
		used += n;
		text += n;
		text += strspn(text, " ");
	}
	eub_buf_append_char(out, '\n');
}

static void append_finding(const struct doctor_finding *finding, size_t width, struct eub_buf *out)
{
	static const char remedy[] = "remedy: ";

	eub_buf_printf(out, "%-*s%-*s", CHECK_COLUMN, level_names[finding->level],
		       EVIDENCE_COLUMN - CHECK_COLUMN, finding->check);
	append_wrapped(out, finding->evidence, EVIDENCE_COLUMN, width);
	if (!finding->remedy)
		return;
	eub_buf_fill(out, ' ', EVIDENCE_COLUMN);
	eub_buf_append_str(out, remedy);
	append_wrapped(out, finding->remedy, EVIDENCE_COLUMN + sizeof(remedy) - 1, width);
}

void doctor_append_text(const struct doctor *doctor, unsigned int width, struct eub_buf *out)
{
	for (size_t i = 0; i < doctor->n_findings; i++)
		append_finding(&doctor->findings[i], width, out);
}
