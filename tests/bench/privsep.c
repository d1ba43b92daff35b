// SPDX-License-Identifier: Apache-2.0
/*
 * What a separate process for loading would cost (docs/security.md, "One process"). The same object
 * is loaded in three ways, in turns, and what the loader hands back is its programs and maps as
 * descriptors, with which the front end could go on:
 *   inside   by a call in this process
 *   spawned  by a process that is executed for each load, as a helper with privileges would be
 *   kept     by a process that is there all the time and is asked over a socket pair
 *   privsep OBJECT [TIMES]    medians in µs, and the memory of the one that is kept
 *   privsep --loader OBJECT [once]    is such a loader, asked at descriptor 3
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX	   32
#define TIMES_MAX  1000
#define LOADER_FD  3
#define LINE_BYTES 256

struct loaded {
	int fds[FDS_MAX];
	size_t n;
};

struct bench {
	char *self;
	char *object;
	int kept; /* socket to the loader that stays */
	pid_t kept_pid;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void add(struct loaded *loaded, int fd)
{
	int copy = loaded->n < FDS_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

	if (copy >= 0)
		loaded->fds[loaded->n++] = copy;
}

static void release(struct loaded *loaded)
{
	while (loaded->n > 0)
		(void)close(loaded->fds[--loaded->n]);
}

static int load_inside(const char *path, struct loaded *ret_loaded)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	struct bpf_map *map;
	int r;

	if (!object)
		return -errno;
	r = bpf_object__load(object);
	*ret_loaded = (struct loaded){ .n = 0 };
	if (r == 0) {
		bpf_object__for_each_program(program, object)
		    add(ret_loaded, bpf_program__fd(program));
		bpf_object__for_each_map(map, object) add(ret_loaded, bpf_map__fd(map));
	}
	bpf_object__close(object);
	return r;
}

static int send_fds(int to, const struct loaded *loaded)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { .bytes = "" };
	char n = (char)loaded->n;
	struct iovec iov = { .iov_base = &n, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(loaded->n * sizeof(int)) };

	control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
					 .cmsg_type = SCM_RIGHTS,
					 .cmsg_len = CMSG_LEN(loaded->n * sizeof(int)) };
	memcpy(CMSG_DATA(&control.head), loaded->fds, loaded->n * sizeof(int));
	return sendmsg(to, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int receive_fds(int from, struct loaded *ret_loaded)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { .bytes = "" };
	char n = 0;
	struct iovec iov = { .iov_base = &n, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || n <= 0 || n > FDS_MAX)
		return -EPROTO;
	ret_loaded->n = (size_t)n;
	memcpy(ret_loaded->fds, CMSG_DATA(&control.head), ret_loaded->n * sizeof(int));
	return 0;
}

/* The other side: loads whenever a byte comes. */
static int serve(const char *path, int fd, bool is_once)
{
	char asked;

	while (read(fd, &asked, 1) == 1) {
		struct loaded loaded = { .n = 0 };
		int r = load_inside(path, &loaded);

		if (r == 0)
			r = send_fds(fd, &loaded);
		release(&loaded);
		if (r < 0 || is_once)
			return r;
	}
	return 0;
}

/* Return: our end of the socket pair; -errno. */
static int spawn(const struct bench *bench, char *once, pid_t *ret_pid)
{
	char loader[] = "--loader";
	char *const argv[] = { bench->self, loader, bench->object, once, NULL };
	posix_spawn_file_actions_t actions;
	int pair[2] = { -EBADF, -EBADF };
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	(void)posix_spawn_file_actions_init(&actions); /* glibc's cannot fail */
	r = -posix_spawn_file_actions_adddup2(&actions, pair[1], LOADER_FD);
	if (r == 0)
		r = -posix_spawn(ret_pid, bench->self, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(pair[1]);
	if (r == 0)
		return pair[0];
	(void)close(pair[0]);
	return r;
}

static int ask(int fd, struct loaded *ret_loaded)
{
	return write(fd, "", 1) == 1 ? receive_fds(fd, ret_loaded) : -errno;
}

static int load_spawned(const struct bench *bench, struct loaded *ret_loaded)
{
	char once[] = "once";
	pid_t pid = -1;
	int fd = spawn(bench, once, &pid);
	int r;

	if (fd < 0)
		return fd;
	r = ask(fd, ret_loaded);
	(void)close(fd);
	(void)waitpid(pid, NULL, 0); /* it ends by itself */
	return r;
}

static int load(const struct bench *bench, size_t way, struct loaded *ret_loaded)
{
	switch (way) {
	case 0:
		return load_inside(bench->object, ret_loaded);
	case 1:
		return load_spawned(bench, ret_loaded);
	default:
		return ask(bench->kept, ret_loaded);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t first, second;

	memcpy(&first, a, sizeof(first));
	memcpy(&second, b, sizeof(second));
	return (first > second) - (first < second);
}

static void print_memory(pid_t pid)
{
	char line[LINE_BYTES];
	FILE *file;

	(void)snprintf(line, sizeof(line), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Rss:", 4) == 0 || strncmp(line, "Pss:", 4) == 0 ||
		    strncmp(line, "Private_Dirty:", 14) == 0)
			(void)printf("kept loader %s", line);
	if (file)
		(void)fclose(file); /* was only read */
}

static int measure(struct bench *bench, size_t n_times)
{
	static const char *const ways[] = { "inside", "spawned", "kept" };
	static uint64_t took_ns[3][TIMES_MAX];
	size_t middle = n_times / 2;
	int r = spawn(bench, NULL, &bench->kept_pid);

	if (r < 0)
		return r;
	bench->kept = r;
	r = 0;
	for (size_t i = 0; i < 3 * n_times && r == 0; i++) {
		struct loaded loaded = { .n = 0 };
		uint64_t start = now_ns();

		r = load(bench, i % 3, &loaded);
		took_ns[i % 3][i / 3] = now_ns() - start;
		release(&loaded);
	}
	for (size_t way = 0; way < 3 && r == 0; way++) {
		qsort(took_ns[way], n_times, sizeof(took_ns[way][0]), compare);
		(void)printf("%-8s %8.0f us\n", ways[way], (double)took_ns[way][middle] / 1000);
	}
	print_memory(bench->kept_pid);
	(void)close(bench->kept);
	(void)waitpid(bench->kept_pid, NULL, 0); /* ends with its socket */
	return r;
}

int main(int argc, char *argv[])
{
	char self[] = "/proc/self/exe";
	struct bench bench = { .self = self };
	long n_times = argc > 2 ? strtol(argv[2], NULL, 10) : 100;
	int r;

	if (argc >= 3 && strcmp(argv[1], "--loader") == 0)
		return serve(argv[2], LOADER_FD, argc > 3) < 0;
	if (argc < 2 || n_times < 1 || n_times > TIMES_MAX) {
		(void)fprintf(stderr, "usage: privsep OBJECT [1..%d]\n", TIMES_MAX);
		return 2;
	}
	bench.object = argv[1];
	r = measure(&bench, (size_t)n_times);
	if (r < 0)
		(void)fprintf(stderr, "privsep: %s\n", strerror(-r));
	return r < 0;
}
