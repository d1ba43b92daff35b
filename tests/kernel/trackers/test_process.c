/* SPDX-License-Identifier: Apache-2.0 */
/* process on the running kernel: exec and exit, exit codes, signals, threads, and its options. */
#include "watch.h"

#include "base/clock.h"
#include "base/macro.h"

#include "trackers/process/process.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct wanted {
	enum process_event what;
	pid_t pid;
};

static bool is_event_of(const void *data, const void *userdata)
{
	const struct event *event = data;
	const struct wanted *wanted = userdata;

	return event->what == wanted->what && event->pid == (uint32_t)wanted->pid;
}

static const struct event *wait_for(struct watch *watch, enum process_event what, pid_t pid)
{
	return watch_for(watch, is_event_of, &(struct wanted){ .what = what, .pid = pid });
}

static size_t count(struct watch *watch, enum process_event what, pid_t pid)
{
	return watch_count(watch, is_event_of, &(struct wanted){ .what = what, .pid = pid });
}

/* Runs @body in a child and waits for it. @body does not return. */
static pid_t run(void (*body)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(99);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void exec_exit_3(void)
{
	(void)execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL);
}

static void shows_exec_and_exit(void **state)
{
	struct watch *watch = watch_open("process", sizeof(struct event), NULL);
	uint64_t start_ns = eub_clock_mono_ns(), spent_ns;
	pid_t pid = run(exec_exit_3);
	const struct event *event;

	(void)state;
	spent_ns = eub_clock_mono_ns() - start_ns;
	event = wait_for(watch, EXEC, pid);
	assert_int_equal(event->ppid, getpid());
	assert_int_equal(event->uid, getuid());
	assert_string_equal(event->comm, "sh");
	assert_string_equal(event->filename, "/bin/sh");
	assert_int_equal(event->duration_ns, 0);

	event = wait_for(watch, EXIT, pid);
	assert_int_equal(event->ppid, getpid());
	assert_int_equal(event->exit_code, 3);
	assert_int_equal(event->signal, 0);
	assert_string_equal(event->comm, "sh");
	assert_string_equal(event->filename, "");
	assert_true(event->duration_ns > 0 && event->duration_ns < spent_ns);
	watch_close(watch);
}

static void die_of_signal(void)
{
	(void)raise(SIGKILL);
}

static void shows_the_signal_that_ended_a_process(void **state)
{
	struct watch *watch = watch_open("process", sizeof(struct event), NULL);
	pid_t pid = run(die_of_signal);
	const struct event *event = wait_for(watch, EXIT, pid);

	(void)state;
	assert_int_equal(event->signal, SIGKILL);
	assert_int_equal(event->exit_code, 0);
	watch_close(watch);
}

static uint32_t leader_lives = 1; /* the kernel clears it and wakes who waits */

static void *exit_with_5(void *userdata)
{
	(void)userdata;
	while (__atomic_load_n(&leader_lives, __ATOMIC_ACQUIRE))
		(void)syscall(SYS_futex, &leader_lives, FUTEX_WAIT, 1, NULL, NULL, 0);
	_exit(5);
}

/*
 * The leader ends by system call alone: sanitizers refuse to join a thread that they did not start,
 * and pthread_exit() would need libgcc_s, which a small test machine lacks.
 */
static void leave_a_thread_behind(void)
{
	pthread_t thread;

	(void)syscall(SYS_set_tid_address, &leader_lives);
	if (pthread_create(&thread, NULL, exit_with_5, NULL) == 0)
		(void)syscall(SYS_exit, 0);
}

static void a_process_ends_with_its_last_thread(void **state)
{
	struct watch *watch = watch_open("process", sizeof(struct event), NULL);
	pid_t pid = run(leave_a_thread_behind);

	(void)state;
	assert_int_equal(wait_for(watch, EXIT, pid)->exit_code, 5);
	assert_int_equal(count(watch, EXIT, pid), 1);
	watch_close(watch);
}

static void *wait_for_ever(void *userdata)
{
	for (;;)
		(void)pause();
	return userdata;
}

static void exit_with_many_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 20; i++)
		if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
			_exit(98);
	_exit(7);
}

static void many_threads_are_one_exit(void **state)
{
	struct watch *watch = watch_open("process", sizeof(struct event), NULL);

	(void)state;
	for (int i = 0; i < 20; i++) {
		pid_t pid = run(exit_with_many_threads);

		assert_int_equal(wait_for(watch, EXIT, pid)->exit_code, 7);
		assert_int_equal(count(watch, EXIT, pid), 1);
	}
	watch_close(watch);
}

static void *exec_from_thread(void *userdata)
{
	(void)execl("/bin/sh", "sh", "-c", "exit 4", (char *)NULL);
	return userdata;
}

static void exec_beside_the_leader(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_from_thread, NULL) == 0)
		(void)wait_for_ever(NULL);
}

static void an_exec_by_a_thread_is_no_exit(void **state)
{
	struct watch *watch = watch_open("process", sizeof(struct event), NULL);
	pid_t pid = run(exec_beside_the_leader);

	(void)state;
	assert_string_equal(wait_for(watch, EXEC, pid)->filename, "/bin/sh");
	assert_int_equal(wait_for(watch, EXIT, pid)->exit_code, 4);
	assert_int_equal(count(watch, EXIT, pid), 1);
	watch_close(watch);
}

static void exec_as_12345(void)
{
	if (setuid(12345) == 0)
		exec_exit_3();
}

static void targ_uid_shows_one_user(void **state)
{
	struct watch *watch = watch_open("process", sizeof(struct event),
					 (const char *const[]){ "targ_uid=12345", NULL });
	pid_t as_root = run(exec_exit_3);
	pid_t as_user = run(exec_as_12345);

	(void)state;
	assert_int_equal(wait_for(watch, EXEC, as_user)->uid, 12345);
	assert_int_equal(wait_for(watch, EXIT, as_user)->exit_code, 3);
	assert_int_equal(count(watch, EXEC, as_root) + count(watch, EXIT, as_root), 0);
	watch_close(watch);
}

static void wait_for_the_parent_to_close(void);
static int release[2];

static void min_duration_hides_short_lives(void **state)
{
	struct watch *watch =
	    watch_open("process", sizeof(struct event),
		       (const char *const[]){ "min_duration_ns=300000000", NULL });
	uint64_t deadline_ns;
	pid_t lasting, brief;

	(void)state;
	assert_int_equal(pipe2(release, O_CLOEXEC), 0);
	lasting = fork();
	assert_true(lasting >= 0);
	if (lasting == 0)
		wait_for_the_parent_to_close();
	brief = run(exec_exit_3);
	deadline_ns = eub_clock_mono_ns() + 300000000;
	while (eub_clock_mono_ns() < deadline_ns)
		(void)sched_yield();
	assert_int_equal(close(release[0]) + close(release[1]), 0);
	assert_int_equal(waitpid(lasting, NULL, 0), lasting);
	assert_true(wait_for(watch, EXIT, lasting)->duration_ns >= 300000000);
	assert_int_equal(count(watch, EXIT, brief) + count(watch, EXEC, brief), 0);
	watch_close(watch);
}

static void wait_for_the_parent_to_close(void)
{
	char byte;

	(void)close(release[1]);
	(void)!read(release[0], &byte, 1); /* returns at the end of the file */
	_exit(0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_exec_and_exit),
		cmocka_unit_test(shows_the_signal_that_ended_a_process),
		cmocka_unit_test(a_process_ends_with_its_last_thread),
		cmocka_unit_test(many_threads_are_one_exit),
		cmocka_unit_test(an_exec_by_a_thread_is_no_exit),
		cmocka_unit_test(targ_uid_shows_one_user),
		cmocka_unit_test(min_duration_hides_short_lives),
	};

	return watch_main(tests, NULL, NULL);
}
