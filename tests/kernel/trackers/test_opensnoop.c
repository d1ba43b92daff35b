/* SPDX-License-Identifier: Apache-2.0 */
/* opensnoop on the running kernel: each kind of call, hostile names, and its options. */
#include "watch.h"

#include "base/macro.h"

#include "trackers/opensnoop/opensnoop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_own_open_of(const void *data, const void *wanted)
{
	const struct event *event = data;

	return event->pid == (uint32_t)getpid() && strcmp(event->fname, wanted) == 0;
}

static bool is_open_of(const void *data, const void *wanted)
{
	return strcmp(((const struct event *)data)->fname, wanted) == 0;
}

static const struct event *wait_for(struct watch *watch, const char *fname)
{
	return watch_for(watch, is_own_open_of, fname);
}

/* Watches this process alone, so that a busy machine cannot fill the ring. @more may be NULL. */
static struct watch *watch_self(const char *more, uint32_t ring_bytes)
{
	char setting[32];

	(void)snprintf(setting, sizeof(setting), "targ_pid=%d", getpid());
	return watch_open_ring("opensnoop", sizeof(struct event),
			       (const char *const[]){ setting, more, NULL }, ring_bytes);
}

static void shows_who_opened_what_and_the_result(void **state)
{
	struct watch *watch = watch_self(NULL, 0);
	const struct event *event;
	int fd;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "odd \x01\xff name"), 0);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	event = wait_for(watch, "/dev/null");
	assert_int_equal(event->ret, fd);
	assert_int_equal(event->flags & (unsigned int)(O_ACCMODE | O_CLOEXEC), O_RDWR | O_CLOEXEC);
	assert_int_equal(event->uid, getuid());
	assert_string_equal(event->comm, "odd \x01\xff name");
	assert_int_equal(close(fd), 0);
	watch_close(watch);
}

static void keeps_the_bytes_of_odd_names(void **state)
{
	static const char *const names[] = {
		"/nonexistent/\xff\xfe\x80",	    /* no UTF-8 */
		"/nonexistent/\xc3",		    /* a character cut in half */
		"/nonexistent/a\nb\tc\x1b[31m\x7f", /* control characters */
		"/nonexistent/\xe2\x82\xac \"'\\%s",
		"",
	};
	struct watch *watch = watch_self(NULL, 0);

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(names); i++) {
		assert_int_equal(open(names[i], O_RDONLY | O_CLOEXEC), -1);
		assert_int_equal(wait_for(watch, names[i])->ret, -ENOENT);
	}
	watch_close(watch);
}

static void cuts_long_names(void **state)
{
	struct watch *watch = watch_self(NULL, 0);
	char name[OPENSNOOP_FNAME_LEN + 100];

	(void)state;
	memset(name, '/', sizeof(name));
	name[sizeof(name) - 2] = 'x'; /* a file that does not exist */
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(open(name, O_RDONLY | O_CLOEXEC), -1);
	name[OPENSNOOP_FNAME_LEN - 1] = '\0';
	assert_int_equal(wait_for(watch, name)->ret, -ENOENT);
	watch_close(watch);
}

static void shows_an_unreadable_name_as_empty(void **state)
{
	struct watch *watch = watch_self(NULL, 0);

	(void)state;
	assert_int_equal(syscall(SYS_openat, AT_FDCWD, (const char *)1, O_RDONLY), -1);
	assert_int_equal(wait_for(watch, "")->ret, -EFAULT);
	watch_close(watch);
}

static void sees_openat2_and_the_oldest_call(void **state)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW };
	struct watch *watch = watch_self(NULL, 0);
	long fd = syscall(SYS_openat2, AT_FDCWD, "/proc", &how, sizeof(how));

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(wait_for(watch, "/proc")->ret, fd);
	assert_int_equal(wait_for(watch, "/proc")->flags, how.flags);
	assert_int_equal(close((int)fd), 0);
#ifdef SYS_open
	assert_int_equal(syscall(SYS_open, "/nonexistent/old", O_WRONLY), -1);
	assert_int_equal(wait_for(watch, "/nonexistent/old")->ret, -ENOENT);
	assert_int_equal(wait_for(watch, "/nonexistent/old")->flags, O_WRONLY);
#endif
	watch_close(watch);
}

static void targ_failed_shows_failures_only(void **state)
{
	struct watch *watch = watch_self("targ_failed=1", 0);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(open("/nonexistent/f", O_RDONLY | O_CLOEXEC), -1);
	(void)wait_for(watch, "/nonexistent/f");
	assert_int_equal(watch_count(watch, is_own_open_of, "/dev/zero"), 0);
	watch_close(watch);
}

/* A child opens @name, as user @uid; the call fails. */
static void open_in_child(const char *name, uid_t uid)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (uid != 0 && setuid(uid) != 0)
			_exit(2);
		_exit(open(name, O_RDONLY | O_CLOEXEC) == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void targ_pid_shows_one_process(void **state)
{
	struct watch *watch = watch_self(NULL, 0);

	(void)state;
	open_in_child("/nonexistent/child", 0);
	assert_int_equal(open("/nonexistent/parent", O_RDONLY | O_CLOEXEC), -1);
	(void)wait_for(watch, "/nonexistent/parent");
	assert_int_equal(watch_count(watch, is_open_of, "/nonexistent/child"), 0);
	watch_close(watch);
}

static void targ_uid_shows_one_user(void **state)
{
	struct watch *watch = watch_open("opensnoop", sizeof(struct event),
					 (const char *const[]){ "targ_uid=12345", NULL });
	const struct event *event;

	(void)state;
	open_in_child("/nonexistent/as-root", 0);
	open_in_child("/nonexistent/as-user", 12345);
	event = watch_for(watch, is_open_of, "/nonexistent/as-user");
	assert_int_equal(event->uid, 12345);
	assert_int_equal(watch_count(watch, is_open_of, "/nonexistent/as-root"), 0);
	watch_close(watch);
}

static void counts_what_found_the_ring_full(void **state)
{
	enum { N_CALLS = 1000 };
	struct watch *watch = watch_self(NULL, 65536);
	size_t before;

	(void)state;
	/* The first look reads the number of CPUs from a file, which is an event itself. */
	assert_int_equal(watch_get_lost(watch), 0);
	watch_drain(watch);
	before = watch_count(watch, NULL, NULL);
	for (int i = 0; i < N_CALLS; i++)
		assert_int_equal(open("/nonexistent/flood", O_RDONLY | O_CLOEXEC), -1);
	watch_drain(watch);
	assert_true(watch_count(watch, is_own_open_of, "/nonexistent/flood") > 100);
	assert_true(watch_get_lost(watch) > 0);
	assert_int_equal(watch_count(watch, NULL, NULL) - before + watch_get_lost(watch), N_CALLS);
	watch_close(watch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_who_opened_what_and_the_result),
		cmocka_unit_test(keeps_the_bytes_of_odd_names),
		cmocka_unit_test(cuts_long_names),
		cmocka_unit_test(shows_an_unreadable_name_as_empty),
		cmocka_unit_test(sees_openat2_and_the_oldest_call),
		cmocka_unit_test(targ_failed_shows_failures_only),
		cmocka_unit_test(targ_pid_shows_one_process),
		cmocka_unit_test(targ_uid_shows_one_user),
		cmocka_unit_test(counts_what_found_the_ring_full),
	};

	return watch_main(tests, NULL, NULL);
}
