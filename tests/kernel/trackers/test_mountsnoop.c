/* SPDX-License-Identifier: Apache-2.0 */
/* mountsnoop on the running kernel, in a mount namespace of the test's own. */
#include "watch.h"

#include "trackers/mountsnoop/mountsnoop.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_own_op(const void *data, const void *wanted)
{
	const struct event *event = data;

	return event->pid == (uint32_t)getpid() && event->op == *(const enum mount_op *)wanted;
}

static const struct event *wait_for(struct watch *watch, enum mount_op op)
{
	return watch_for(watch, is_own_op, &op);
}

/* A namespace whose mounts are seen by nobody else, and a folder to mount on. */
static int set_up(void **state)
{
	static char folder[] = "/tmp/eunomia-mount-XXXXXX";

	if (unshare(CLONE_NEWNS) != 0)
		return -1;
	/* In a plain chroot "/" is no mount point: EINVAL. */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 && errno != EINVAL)
		return -1;
	*state = mkdtemp(folder);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	return *state ? rmdir(*state) : 0;
}

static uint32_t mount_namespace(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/mnt", &st), 0);
	return (uint32_t)st.st_ino;
}

static void shows_mount_and_umount(void **state)
{
	struct watch *watch = watch_open("mountsnoop", sizeof(struct event), NULL);
	const struct event *event;

	assert_int_equal(mount("eunomia-source", *state, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k"),
			 0);
	assert_int_equal(umount2(*state, MNT_DETACH), 0);
	event = wait_for(watch, MOUNT);
	assert_string_equal(event->source, "eunomia-source");
	assert_string_equal(event->target, *state);
	assert_string_equal(event->fs, "tmpfs");
	assert_string_equal(event->comm, "test_mountsnoop");
	assert_int_equal(event->flags, MS_NOSUID | MS_NODEV);
	assert_int_equal(event->ret, 0);
	assert_int_equal(event->mnt_ns, mount_namespace());
	assert_true(event->duration_ns > 0 && event->duration_ns < UINT64_C(10000000000));
	event = wait_for(watch, UMOUNT);
	assert_string_equal(event->target, *state);
	assert_string_equal(event->source, "");
	assert_int_equal(event->flags, MNT_DETACH);
	assert_int_equal(event->ret, 0);
	watch_close(watch);
}

static void targ_failed_shows_failures_only(void **state)
{
	struct watch *watch = watch_open("mountsnoop", sizeof(struct event),
					 (const char *const[]){ "targ_failed=1", NULL });
	enum mount_op umount = UMOUNT;

	assert_int_equal(mount(NULL, *state, "tmpfs", 0, NULL), 0);
	assert_int_equal(umount2(*state, 0), 0);
	assert_int_equal(mount(NULL, *state, "no-such-fs\xff", 0, NULL), -1);
	assert_int_equal(wait_for(watch, MOUNT)->ret, -ENODEV);
	assert_string_equal(wait_for(watch, MOUNT)->fs, "no-such-fs\xff");
	assert_int_equal(watch_count(watch, is_own_op, &umount), 0);
	watch_close(watch);
}

static void shows_the_steps_of_the_newer_calls(void **state)
{
	struct watch *watch = watch_open("mountsnoop", sizeof(struct event), NULL);
	int fs, mnt, tree;

	fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	assert_true(fs >= 0);
	assert_int_equal(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), 0);
	mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	assert_true(mnt >= 0);
	assert_int_equal(
	    syscall(SYS_move_mount, mnt, "", AT_FDCWD, *state, MOVE_MOUNT_F_EMPTY_PATH), 0);
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, *state, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	assert_true(tree >= 0);
	assert_int_equal(wait_for(watch, FSOPEN)->ret, fs);
	assert_string_equal(wait_for(watch, FSOPEN)->fs, "tmpfs");
	assert_int_equal(wait_for(watch, FSMOUNT)->ret, mnt);
	assert_int_equal(wait_for(watch, MOVE_MOUNT)->ret, 0);
	assert_string_equal(wait_for(watch, MOVE_MOUNT)->source, "");
	assert_string_equal(wait_for(watch, MOVE_MOUNT)->target, *state);
	assert_int_equal(wait_for(watch, OPEN_TREE)->ret, tree);
	assert_string_equal(wait_for(watch, OPEN_TREE)->source, *state);
	assert_int_equal(close(fs) + close(mnt) + close(tree), 0);
	assert_int_equal(umount2(*state, 0), 0);
	watch_close(watch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_mount_and_umount),
		cmocka_unit_test(targ_failed_shows_failures_only),
		cmocka_unit_test(shows_the_steps_of_the_newer_calls),
	};

	return watch_main(tests, set_up, tear_down);
}
