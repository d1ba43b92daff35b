/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oomkill on the running kernel: a child that is alone in a memory cgroup of 16 MiB asks for more.
 * Nothing else can be the victim. Skipped where no memory cgroup can be made.
 */
#include "watch.h"

#include "base/fd.h"
#include "base/macro.h"

#include "trackers/oomkill/oomkill.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT	    "16777216"
#define WANTED_KIB  UINT64_C(65536)
#define EXIT_STATUS 3 /* of a child that was not killed */

/* Where cgroups with a memory controller are made, in both versions of the interface. */
static const struct hierarchy {
	const char *folder;
	const char *needs; /* in a new cgroup, if the memory controller is there */
	const char *limit;
	const char *swap_limit; /* may be missing: kernels without swap accounting */
	const char *swap_value;
} hierarchies[] = {
	{ "/sys/fs/cgroup", "memory.max", "memory.max", "memory.swap.max", "0" },
	{ "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.limit_in_bytes",
	  "memory.memsw.limit_in_bytes", LIMIT },
};

static char cgroup[256]; /* of this test; "" if none could be made */

static int write_to(const char *file, const char *text)
{
	char path[512];
	int fd, r;

	(void)snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = eub_write_all(fd, text, strlen(text));
	(void)close(fd); /* the write has reached the kernel or failed */
	return r;
}

static bool make_cgroup(const struct hierarchy *hierarchy)
{
	(void)snprintf(cgroup, sizeof(cgroup), "%s/eunomia-oom-%d", hierarchy->folder, getpid());
	if (mkdir(cgroup, 0755) != 0)
		return false;
	if (write_to(hierarchy->limit, LIMIT) == 0) {
		int r = write_to(hierarchy->swap_limit, hierarchy->swap_value);

		assert_true(r == 0 || r == -ENOENT);
		return true;
	}
	(void)rmdir(cgroup); /* it has no memory controller; the next may have one */
	return false;
}

static int remove_cgroup(void **state)
{
	(void)state;
	return cgroup[0] && rmdir(cgroup) != 0 ? -1 : 0;
}

/* The child: enters the cgroup and writes to more memory than it has. */
static void use_too_much(void)
{
	size_t size = (size_t)WANTED_KIB * 1024;
	char *memory;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || eub_write_all(fd, "321", 3) != 0 || write_to("cgroup.procs", "0") != 0)
		_exit(EXIT_STATUS);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED)
		memset(memory, 1, size);
	_exit(EXIT_STATUS);
}

static bool is_victim(const void *data, const void *wanted)
{
	return ((const struct event *)data)->tpid == *(const uint32_t *)wanted;
}

static void shows_victim_and_memory(void **state)
{
	struct watch *watch = watch_open("oomkill", sizeof(struct event), NULL);
	const struct event *event;
	uint32_t victim;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		use_too_much();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	victim = (uint32_t)pid;
	event = watch_for(watch, is_victim, &victim);
	assert_int_equal(event->fpid, pid);
	assert_string_equal(event->fcomm, "test_oomkill");
	if (event->total_vm_kb > 0) { /* kernels that tell no more than the process: 0 */
		assert_string_equal(event->tcomm, "test_oomkill");
		assert_true(event->total_vm_kb >= WANTED_KIB);
		assert_in_range(event->anon_rss_kb, 1024, event->total_vm_kb);
		assert_true(event->pgtables_kb > 0);
		assert_int_equal(event->oom_score_adj, 321);
		assert_int_equal(event->tuid, getuid());
	}
	watch_close(watch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_victim_and_memory),
	};
	size_t i = 0;

	if (!watch_is_possible())
		return 77;
	while (i < EUB_ARRAY_SIZE(hierarchies) && !make_cgroup(&hierarchies[i]))
		i++;
	if (i == EUB_ARRAY_SIZE(hierarchies)) {
		(void)printf("skipped: no memory cgroup can be made under /sys/fs/cgroup\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, remove_cgroup);
}
