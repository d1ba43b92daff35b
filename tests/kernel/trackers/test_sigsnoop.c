/* SPDX-License-Identifier: Apache-2.0 */
/* sigsnoop on the running kernel: outcomes of signals, refused and probing calls, its options. */
#include "watch.h"

#include "trackers/sigsnoop/sigsnoop.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct wanted {
	pid_t pid;
	pid_t tpid;
	int sig;
	enum signal_outcome outcome;
};

static bool is_equal(const void *data, const void *userdata)
{
	const struct event *event = data;
	const struct wanted *wanted = userdata;

	return event->pid == (uint32_t)wanted->pid && event->tpid == wanted->tpid &&
	       event->sig == wanted->sig && event->outcome == wanted->outcome;
}

/*
 * A child that blocks SIGUSR1, ignores SIGUSR2, and stays stopped until it is killed, at the latest
 * when the test ends. Once it has stopped, both processes are out of fork(), which blocks every
 * signal for a while, and the kernel ignores no signal that is blocked.
 */
static pid_t start_target(void)
{
	sigset_t set;
	pid_t pid;

	assert_int_equal(sigemptyset(&set) + sigaddset(&set, SIGUSR1), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	assert_true(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)kill(getpid(), SIGSTOP);
	}
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
	assert_true(signal(SIGUSR2, SIG_DFL) != SIG_ERR);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
	return pid;
}

static void end_target(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static const struct event *wait_for(struct watch *watch, pid_t tpid, int sig,
				    enum signal_outcome outcome)
{
	return watch_for(watch, is_equal, &(struct wanted){ getpid(), tpid, sig, outcome });
}

static size_t count(struct watch *watch, pid_t tpid, int sig, enum signal_outcome outcome)
{
	return watch_count(watch, is_equal, &(struct wanted){ getpid(), tpid, sig, outcome });
}

static void shows_what_became_of_a_signal(void **state)
{
	struct watch *watch = watch_open("sigsnoop", sizeof(struct event), NULL);
	pid_t target = start_target();
	const struct event *event;

	(void)state;
	assert_int_equal(kill(target, SIGUSR1), 0);
	event = wait_for(watch, target, SIGUSR1, DELIVERED);
	assert_int_equal(event->ret, 0);
	assert_int_equal(event->code, SI_USER);
	assert_string_equal(event->comm, "test_sigsnoop");
	assert_string_equal(event->tcomm, "test_sigsnoop");
	assert_int_equal(kill(target, SIGUSR1), 0);
	(void)wait_for(watch, target, SIGUSR1, ALREADY_PENDING);
	assert_int_equal(syscall(SYS_tgkill, target, target, SIGUSR2), 0);
	assert_int_equal(wait_for(watch, target, SIGUSR2, IGNORED)->code, SI_TKILL);
	end_target(target);
	(void)wait_for(watch, target, SIGKILL, DELIVERED);
	assert_int_equal(count(watch, target, SIGKILL, RETURNED), 0);
	watch_close(watch);
}

static void shows_calls_that_sent_nothing(void **state)
{
	struct watch *watch = watch_open("sigsnoop", sizeof(struct event), NULL);
	const pid_t nobody = 0x3fffffff; /* above the largest process id, 4194304 */

	(void)state;
	assert_int_equal(kill(getpid(), 0), 0);
	assert_int_equal(wait_for(watch, getpid(), 0, PROBED)->ret, 0);
	assert_int_equal(kill(nobody, SIGTERM), -1);
	assert_int_equal(wait_for(watch, nobody, SIGTERM, REFUSED)->ret, -ESRCH);
	assert_int_equal(kill(-nobody, SIGTERM), -1);
	assert_int_equal(wait_for(watch, -nobody, SIGTERM, REFUSED)->ret, -ESRCH);
	assert_int_equal(syscall(SYS_tkill, nobody, SIGHUP), -1);
	assert_int_equal(wait_for(watch, nobody, SIGHUP, REFUSED)->ret, -ESRCH);
	assert_int_equal(syscall(SYS_tgkill, getpid(), nobody, SIGINT), -1);
	assert_int_equal(wait_for(watch, nobody, SIGINT, REFUSED)->ret, -ESRCH);
	assert_int_equal(kill(getpid(), 1000), -1);
	assert_int_equal(wait_for(watch, getpid(), 1000, REFUSED)->ret, -EINVAL);
	watch_close(watch);
}

static bool is_end_of(const void *data, const void *userdata)
{
	const struct event *event = data;
	const pid_t *child = userdata;

	return event->pid == (uint32_t)*child && event->sig == SIGCHLD && event->code == CLD_KILLED;
}

static void shows_the_kernels_own_signals(void **state)
{
	struct watch *watch = watch_open("sigsnoop", sizeof(struct event), NULL);
	pid_t target = start_target();
	const struct event *event;

	(void)state;
	end_target(target);
	event = watch_for(watch, is_end_of, &target);
	assert_int_equal(event->tpid, getpid());
	assert_int_equal(event->outcome, IGNORED);
	watch_close(watch);
}

static void kill_only_shows_every_call(void **state)
{
	struct watch *watch = watch_open("sigsnoop", sizeof(struct event),
					 (const char *const[]){ "kill_only=1", NULL });
	pid_t target = start_target();

	(void)state;
	assert_int_equal(kill(target, SIGUSR1), 0);
	assert_int_equal(wait_for(watch, target, SIGUSR1, RETURNED)->ret, 0);
	end_target(target);
	(void)wait_for(watch, target, SIGKILL, RETURNED);
	assert_int_equal(count(watch, target, SIGUSR1, DELIVERED), 0);
	watch_close(watch);
}

static void failed_only_shows_refused_calls(void **state)
{
	struct watch *watch = watch_open("sigsnoop", sizeof(struct event),
					 (const char *const[]){ "failed_only=1", NULL });

	(void)state;
	assert_int_equal(kill(getpid(), 0), 0);
	assert_int_equal(kill(getpid(), SIGCHLD), 0);
	assert_int_equal(kill(getpid(), 1000), -1);
	(void)wait_for(watch, getpid(), 1000, REFUSED);
	assert_int_equal(count(watch, getpid(), 0, PROBED), 0);
	assert_int_equal(count(watch, getpid(), SIGCHLD, IGNORED), 0);
	watch_close(watch);
}

static bool is_other(const void *data, const void *userdata)
{
	const struct event *event = data;

	(void)userdata;
	return event->pid != (uint32_t)getpid() || event->sig != SIGCHLD;
}

/* Another process sends the signal that is looked for. */
static void signal_from_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(kill(getppid(), SIGCHLD) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void filters_by_sender_and_signal(void **state)
{
	char sender[32], signal[32];
	struct watch *watch;

	(void)state;
	(void)snprintf(sender, sizeof(sender), "filtered_pid=%d", getpid());
	(void)snprintf(signal, sizeof(signal), "target_signal=%d", SIGCHLD);
	watch = watch_open("sigsnoop", sizeof(struct event),
			   (const char *const[]){ sender, signal, NULL });
	assert_int_equal(kill(getpid(), SIGCONT), 0);
	signal_from_child();
	assert_int_equal(kill(getpid(), SIGCHLD), 0);
	(void)wait_for(watch, getpid(), SIGCHLD, IGNORED);
	assert_int_equal(watch_count(watch, is_other, NULL), 0);
	watch_close(watch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_became_of_a_signal),
		cmocka_unit_test(shows_calls_that_sent_nothing),
		cmocka_unit_test(shows_the_kernels_own_signals),
		cmocka_unit_test(kill_only_shows_every_call),
		cmocka_unit_test(failed_only_shows_refused_calls),
		cmocka_unit_test(filters_by_sender_and_signal),
	};

	return watch_main(tests, NULL, NULL);
}
