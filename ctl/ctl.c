/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the words of the command line to the exit status. The words before the verb may only be
 * common options; then the verb's tables take over. Errors travel up as struct eun_error and stop
 * in ctl_fail(), the only place that writes them; the only map from reasons to exit statuses stands
 * here too.
 */
#include "ctl.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "client.h"
#include "ctl_limits.h"

#include <assert.h>
#include <limits.h>
#include <signal.h>

static const enum ctl_exit exit_of_reason[] = {
	[EUN_REASON_NONE] = CTL_EXIT_FAILED,
	[EUN_REASON_INTERNAL] = CTL_EXIT_FAILED,
	[EUN_REASON_INVALID_ARGUMENT] = CTL_EXIT_USAGE,
	[EUN_REASON_BAD_PACKAGE] = CTL_EXIT_FAILED,
	[EUN_REASON_TOO_LARGE] = CTL_EXIT_FAILED,
	[EUN_REASON_WRONG_ARCH] = CTL_EXIT_FAILED,
	[EUN_REASON_NO_KERNEL_BTF] = CTL_EXIT_FAILED,
	[EUN_REASON_VERIFIER] = CTL_EXIT_FAILED,
	[EUN_REASON_NO_ATTACH_POINT] = CTL_EXIT_FAILED,
	[EUN_REASON_ATTACH_FAILED] = CTL_EXIT_FAILED,
	[EUN_REASON_UNSUPPORTED] = CTL_EXIT_FAILED,
	[EUN_REASON_NAME_TAKEN] = CTL_EXIT_FAILED,
	[EUN_REASON_NOT_FOUND] = CTL_EXIT_NO_SLOT,
	[EUN_REASON_WRONG_STATE] = CTL_EXIT_NO_SLOT,
	[EUN_REASON_BUSY] = CTL_EXIT_FAILED,
	[EUN_REASON_PERMISSION] = CTL_EXIT_PERMISSION,
	[EUN_REASON_NO_MEMORY] = CTL_EXIT_FAILED,
	[EUN_REASON_IO] = CTL_EXIT_FAILED,
	[EUN_REASON_UNREACHABLE] = CTL_EXIT_UNREACHABLE,
	[EUN_REASON_TIMEOUT] = CTL_EXIT_FAILED,
	[EUN_REASON_NO_TARGET] = CTL_EXIT_FAILED,
};
static_assert(EUB_ARRAY_SIZE(exit_of_reason) == _EUN_REASON_MAX, "one status per reason");

enum ctl_exit ctl_exit_from_reason(enum eun_reason reason, unsigned int flags)
{
	enum ctl_exit status = CTL_EXIT_FAILED;

	if ((unsigned int)reason < _EUN_REASON_MAX)
		status = exit_of_reason[reason];
	/* A file or an installed tracker that does not exist is no slot. */
	if (status == CTL_EXIT_NO_SLOT && !(flags & COMMAND_SLOTS))
		status = CTL_EXIT_FAILED;
	return status;
}

/* Appends @text, each line indented by four blanks and made harmless for a terminal. */
static void append_indented(struct eub_buf *buf, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		eub_buf_append_str(buf, "    ");
		eub_append_printable(buf, text, n);
		eub_buf_append_char(buf, '\n');
		text += n + (text[n] == '\n');
	}
}

static void append_error_body(struct eub_buf *buf, const struct eun_error *err)
{
	eub_append_printable(buf, err->message, strlen(err->message));
	eub_buf_append_char(buf, '\n');
	if (err->log && *err->log) {
		eub_buf_append_str(buf, "  verifier:\n");
		append_indented(buf, err->log);
	}
	if (err->hint[0]) {
		eub_buf_append_str(buf, "  hint: ");
		eub_append_printable(buf, err->hint, strlen(err->hint));
		eub_buf_append_char(buf, '\n');
	}
}

/* Nothing can be told when standard error fails. */
static void write_stderr(struct eub_buf *buf)
{
	(void)eub_write_all(STDERR_FILENO, buf->data, buf->len);
	eub_buf_done(buf);
}

enum ctl_exit ctl_fail(const struct ctl *ctl, const char *subject, const struct eun_error *err)
{
	struct eub_buf buf = EUB_BUF_INIT;
	unsigned int flags = ctl->command ? ctl->command->flags : 0;

	eub_buf_printf(&buf, "eunomiactl: cannot %s",
		       ctl->command ? ctl->command->phrase : "show help");
	if (subject) {
		/* A literal package is long; its beginning says enough. */
		eub_buf_append_str(&buf, " '");
		eub_append_printable(&buf, subject, strnlen(subject, 60));
		eub_buf_append_str(&buf, strlen(subject) > 60 ? "...'" : "'");
	}
	eub_buf_append_str(&buf, ": ");
	append_error_body(&buf, err);
	write_stderr(&buf);
	return ctl_exit_from_reason(err->reason, flags);
}

/* Tells of a wrong command line; @command may be NULL. */
static enum ctl_exit fail_usage(const struct command *command, struct eun_error *err)
{
	struct eub_buf buf = EUB_BUF_INIT;
	const char *verb = command ? command->verb : "";

	eub_buf_printf(&buf, "eunomiactl%s%s: ", command ? " " : "", verb);
	if (!err->hint[0])
		eun_error_set_hint(err, "see 'eunomiactl %s%s--help'", verb, command ? " " : "");
	append_error_body(&buf, err);
	write_stderr(&buf);
	return ctl_exit_from_reason(err->reason, 0);
}

enum ctl_exit ctl_print(const struct ctl *ctl, struct eub_buf *answer)
{
	struct eun_error err = EUN_ERROR_INIT;
	int r = 0;

	if (answer->has_failed)
		r = eub_error_no_memory(&err);
	else
		r = output_write(answer->data, answer->len, &err);
	eub_buf_done(answer);
	return r < 0 && r != -EPIPE ? ctl_fail(ctl, NULL, &err) : CTL_EXIT_OK;
}

void ctl_remark(const struct ctl *ctl, const char *format, ...)
{
	struct eub_buf text = EUB_BUF_INIT;
	struct eub_buf line = EUB_BUF_INIT;
	va_list args;

	if (ctl->options.is_quiet)
		return;
	va_start(args, format);
	eub_buf_vprintf(&text, format, args);
	va_end(args);
	eub_buf_append_str(&line, "eunomiactl: ");
	eub_append_printable(&line, text.data, text.len);
	eub_buf_append_char(&line, '\n');
	eub_buf_done(&text);
	write_stderr(&line);
}

int ctl_get_call_timeout_ms(const struct ctl *ctl)
{
	if (ctl->options.timeout_ms > 0)
		return (int)EUB_MIN(ctl->options.timeout_ms, (int64_t)INT_MAX);
	return CTL_CALL_TIMEOUT_MS;
}

/* Checks what the tables cannot: numbers of arguments, and the form against the command. */
static int check_arguments(struct ctl *ctl, struct eun_error *err)
{
	const struct command *command = ctl->command;
	size_t n = ctl->arguments.positional.n;

	if (n < command->min_args)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "an argument is missing: %s", command->synopsis);
	if (n > command->max_args)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.80s' is one argument too many",
				     ctl->arguments.positional.items[command->max_args]);
	if (ctl->arguments.tail && !(command->flags & COMMAND_TAIL))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "takes no words after '--'");
	ctl->output = command->output;
	if (!ctl->options.output)
		return 0;
	if (!command->outputs)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "this command has no forms of output");
	return output_format_from_string(ctl->options.output, command->outputs, &ctl->output, err);
}

/* Parses the options before the verb and finds the verb. Returns how many words were read. */
static int parse_verb(struct ctl *ctl, size_t argc, const char *const *argv, struct eun_error *err)
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	struct arguments arguments = { 0 };
	const char *verb = NULL;
	int n;

	n = options_parse(argv, argc, tables, command_get_tables(NULL, tables),
			  OPTIONS_STOP_AT_WORD, &ctl->options, &arguments, err);
	if (arguments.positional.n > 0)
		verb = arguments.positional.items[0];
	free(arguments.positional.items);
	if (n < 0 || ctl->options.wants_help)
		return n;
	if (ctl->options.wants_version)
		verb = "version";
	if (!verb)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "a verb is missing");
	ctl->command = command_find(verb);
	if (!ctl->command) {
		n = eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				  "there is no verb '%.40s'", verb);
		command_hint_near(verb, err);
	}
	return n;
}

static int parse_command_line(struct ctl *ctl, size_t argc, const char *const *argv,
			      struct eun_error *err)
{
	const struct option_row *tables[COMMAND_TABLES_MAX];
	int n = parse_verb(ctl, argc, argv, err);

	if (n < 0 || ctl->options.wants_help)
		return n;
	n = options_parse(argv + n, argc - (size_t)n, tables,
			  command_get_tables(ctl->command, tables), 0, &ctl->options,
			  &ctl->arguments, err);
	if (n < 0 || ctl->options.wants_help)
		return n;
	return check_arguments(ctl, err);
}

static enum ctl_exit print_help(const struct ctl *ctl)
{
	struct eub_buf help = EUB_BUF_INIT;

	command_append_help(&help, ctl->command);
	return ctl_print(ctl, &help);
}

enum ctl_exit ctl_main(size_t argc, const char *const *argv)
{
	struct ctl ctl = { 0 };
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status;

	/* A reader that goes away is seen as -EPIPE where it can be told from other failures. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (parse_command_line(&ctl, argc - 1, argv + 1, &err) < 0)
		status = fail_usage(ctl.command, &err);
	else if (ctl.options.wants_help)
		status = print_help(&ctl);
	else
		status = ctl.command->run(&ctl);
	eun_error_done(&err);
	client_close(&ctl);
	options_done(&ctl.options, &ctl.arguments);
	return status;
}
