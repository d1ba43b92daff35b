/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files are of securityfs and a few dozen bytes long. Their text comes from the kernel, but the
 * file may be anything in a container: it is bounded, and only compared.
 */
#include "base/kernel.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

bool eub_kernel_is_at_least(unsigned int major, unsigned int minor)
{
	struct utsname uts;
	unsigned long has_major;
	unsigned long has_minor;
	char *end;

	if (uname(&uts) < 0)
		return false;
	has_major = strtoul(uts.release, &end, 10);
	if (*end != '.')
		return false;
	has_minor = strtoul(end + 1, NULL, 10);
	return has_major > major || (has_major == major && has_minor >= minor);
}

int eub_kernel_find_lsm(const char *path, const char *module,
			char ret_list[static EUB_KERNEL_WORDS_MAX])
{
	char words[EUB_KERNEL_WORDS_MAX];
	char *rest = words;
	const char *word;
	int r = eub_read_line(path, ret_list, EUB_KERNEL_WORDS_MAX);

	if (r < 0)
		return r;
	memcpy(words, ret_list, sizeof(words));
	while ((word = strsep(&rest, ",")))
		if (eub_streq(word, module))
			return 1;
	return 0;
}

int eub_kernel_get_lockdown(const char *path, char ret_level[static EUB_KERNEL_WORDS_MAX])
{
	char line[EUB_KERNEL_WORDS_MAX];
	const char *start;
	const char *end;
	int r = eub_read_line(path, line, sizeof(line));

	if (r < 0)
		return r;
	start = strchr(line, '[');
	end = start ? strchr(start, ']') : NULL;
	if (!end)
		return -EINVAL;
	(void)snprintf(ret_level, EUB_KERNEL_WORDS_MAX, "%.*s", (int)(end - start - 1), start + 1);
	return 0;
}

bool eub_kernel_is_confidential(void)
{
	char level[EUB_KERNEL_WORDS_MAX];

	return eub_kernel_get_lockdown(EUB_LOCKDOWN_PATH, level) == 0 &&
	       eub_streq(level, "confidentiality");
}
