/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one piece of process-wide state in the library: libbpf's print hook and its receiver. Set
 * once by eun_engine_new(), before any thread of the embedder can call libbpf through us.
 */
#include "object/libbpf_log.h"

#include "base/str.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 512

static struct {
	void (*on_line)(const char *line, void *userdata);
	void *userdata;
} receiver;

static _Thread_local char first_warning[LINE_MAX_BYTES];

EUB_PRINTF(2, 0)
static int on_print(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES];
	char *start = line;
	int n;

	/* A load prints hundreds of debug lines: formatting them for nobody would double its time.
	 */
	if (level != LIBBPF_WARN && !receiver.on_line)
		return 0;
	n = vsnprintf(line, sizeof(line), format, args);
	if (n <= 0)
		return n;
	if (eub_has_prefix(start, "libbpf: "))
		start += strlen("libbpf: ");
	start[strcspn(start, "\n")] = '\0';
	if (level == LIBBPF_WARN && !first_warning[0])
		memcpy(first_warning, start, strlen(start) + 1);
	if (receiver.on_line)
		receiver.on_line(start, receiver.userdata);
	return n;
}

void eun__libbpf_log_install(void (*on_line)(const char *line, void *userdata), void *userdata)
{
	receiver.on_line = on_line;
	receiver.userdata = userdata;
	(void)libbpf_set_print(on_print); /* gives the former hook, which is not ours to keep */
}

void eun__libbpf_log_reset(void)
{
	first_warning[0] = '\0';
}

const char *eun__libbpf_log_first(void)
{
	return first_warning;
}
