/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults for tests, from the environment: EUNOMIA_FAULT holds rules, separated by commas.
 *
 *   STEP[@N]:kill          the process is killed as by kill -9
 *   STEP[@N]:error=NAME    the step fails: ENOSPC, EIO, ...
 *
 * STEP is a name or a pattern of fnmatch(3), so that "*@17:kill" kills at the seventeenth step,
 * whichever it is. N is the N-th time that the rule's step is reached, from 1; without it the rule
 * holds each time. A rule that cannot be read ends the process: a test with a misspelt fault would
 * pass for the wrong reason.
 *
 * The counts are the one thing that must be shared by all threads and cannot be passed down, since
 * steps are anywhere; they are atomic and only ever grow.
 */
#include "fault.h"

#include "base/cleanup.h"
#include "base/macro.h"
#include "base/str.h"

#include <fnmatch.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define MAX_RULES 16
#define MAX_ERRNO 133 /* the highest of Linux, EHWPOISON */

static atomic_ulong counts[MAX_RULES];

struct rule {
	const char *step;
	uint64_t nth; /* 0: each time */
	int error;    /* positive errno; 0: kill */
};

static void refuse(const char *what)
{
	(void)fprintf(stderr, "EUNOMIA_FAULT: cannot read '%s'\n", what);
	abort();
}

static int errno_from_name(const char *name)
{
	for (int i = 1; i <= MAX_ERRNO; i++) {
		const char *known = strerrorname_np(i);

		if (known && eub_streq(known, name))
			return i;
	}
	refuse(name);
	return 0;
}

/* Takes @text apart in place. */
static struct rule parse_rule(char *text)
{
	struct rule rule = { .step = text };
	char *action = strchr(text, ':');
	char *nth;

	if (!action)
		refuse(text);
	else
		*action++ = '\0';
	nth = strchr(text, '@');
	if (nth) {
		*nth++ = '\0';
		if (eub_parse_u64(nth, &rule.nth) < 0 || rule.nth == 0)
			refuse(nth);
	}
	if (action && eub_has_prefix(action, "error="))
		rule.error = errno_from_name(action + strlen("error="));
	else if (!action || !eub_streq(action, "kill"))
		refuse(action ? action : text);
	return rule;
}

static int apply_rule(const struct rule *rule, atomic_ulong *count, const char *step)
{
	if (fnmatch(rule->step, step, 0) != 0)
		return 0;
	if (rule->nth > 0 && atomic_fetch_add(count, 1) + 1 != rule->nth)
		return 0;
	if (rule->error == 0)
		(void)raise(SIGKILL); /* does not return */
	return -rule->error;
}

int fault_point(const char *step)
{
	const char *given = getenv("EUNOMIA_FAULT");
	_cleanup_(eub_freep) char *rules = given ? strdup(given) : NULL;
	char *rest = rules, *text;

	for (size_t i = 0; (text = strsep(&rest, ",")); i++) {
		struct rule rule = parse_rule(text);
		int r;

		if (i >= MAX_RULES)
			refuse(text);
		r = apply_rule(&rule, &counts[i], step);
		if (r < 0)
			return r;
	}
	return 0;
}
