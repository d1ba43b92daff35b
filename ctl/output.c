/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the output forms and the door to standard output. Nothing here uses stdio: a
 * command gathers its answer in a buffer and writes it at once, so a failing write (a full disk,
 * a closed pipe) is seen and told apart.
 */
#include "output.h"

#include "base/fd.h"
#include "base/str.h"
#include "ctl_limits.h"

#include <assert.h>
#include <sys/ioctl.h>

static const char *const format_names[] = {
	[OUTPUT_NONE] = "none", [OUTPUT_TABLE] = "table",	[OUTPUT_TEXT] = "text",
	[OUTPUT_JSON] = "json", [OUTPUT_JSONL] = "jsonl",	[OUTPUT_YAML] = "yaml",
	[OUTPUT_NAME] = "name", [OUTPUT_RAW_JSON] = "raw-json", [OUTPUT_RAW] = "raw",
};
static_assert(EUB_ARRAY_SIZE(format_names) == _OUTPUT_FORMAT_MAX, "one name per form");

const char *output_format_to_string(enum output_format format)
{
	if ((unsigned int)format >= _OUTPUT_FORMAT_MAX)
		return "unknown";
	return format_names[format];
}

void output_append_formats(struct eub_buf *buf, unsigned int allowed)
{
	const char *separator = "";

	for (unsigned int i = 0; i < _OUTPUT_FORMAT_MAX; i++) {
		if (!(allowed & OUTPUT_BIT(i)))
			continue;
		eub_buf_append_str(buf, separator);
		eub_buf_append_str(buf, format_names[i]);
		separator = "|";
	}
}

int output_format_from_string(const char *name, unsigned int allowed,
			      enum output_format *ret_format, struct eun_error *err)
{
	char names[128];
	struct eub_buf buf = EUB_BUF_FIXED(names, sizeof(names) - 1);

	for (unsigned int i = 0; i < _OUTPUT_FORMAT_MAX; i++) {
		if ((allowed & OUTPUT_BIT(i)) && eub_streq(format_names[i], name)) {
			*ret_format = (enum output_format)i;
			return 0;
		}
	}
	output_append_formats(&buf, allowed);
	names[EUB_MIN(buf.len, buf.cap)] = '\0';
	(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
			    "this command has no output form '%.40s'", name);
	eun_error_set_hint(err, "forms are: %s", names);
	return -EINVAL;
}

int output_write(const void *data, size_t n, struct eun_error *err)
{
	int r = eub_write_all(STDOUT_FILENO, data, n);

	if (r < 0 && r != -EPIPE)
		return eun_error_set(err, r, EUN_REASON_IO, "cannot write to standard output: %s",
				     strerror(-r));
	return r;
}

bool output_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

unsigned int output_get_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	uint64_t value;

	if (columns && eub_parse_u64(columns, &value) == 0 && value > 0 && value <= UINT16_MAX)
		return (unsigned int)value;
	if (!output_is_terminal())
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return CTL_TABLE_WIDTH;
	return size.ws_col;
}
