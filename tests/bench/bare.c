// SPDX-License-Identifier: Apache-2.0
/*
 * The reference: what a minimal libbpf program does with the tracker opened.bpf.o, written as
 * libbpf's own examples are.
 *   bare open OBJECT             how long from open to the first event, in this process; ns
 *   bare text OBJECT PID COUNT   prints events as the engine's text format does, to standard
 *                                output; ends after COUNT
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As in opened.bpf.c. */
struct opened {
	uint64_t number;
	uint32_t pid;
	uint32_t flags;
	uint64_t uid_gid;
	char comm[16];
	char fname[128];
};

struct bare {
	struct bpf_object *object;
	struct bpf_link *link;
	struct ring_buffer *ring;
	uint64_t n_events;
	uint64_t n_wanted;
	time_t at; /* the second that at_text shows */
	char at_text[16];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int count_event(void *ctx, void *data, size_t size)
{
	struct bare *bare = ctx;

	(void)data;
	(void)size;
	bare->n_events++;
	return 0;
}

static int print_event(void *ctx, void *data, size_t size)
{
	struct bare *bare = ctx;
	struct opened event;
	struct tm tm;
	time_t now;

	if (size < sizeof(event))
		return 0;
	memcpy(&event, data, sizeof(event));
	if (time(&now) != bare->at) {
		bare->at = now;
		(void)localtime_r(&now, &tm);
		(void)strftime(bare->at_text, sizeof(bare->at_text), "%H:%M:%S", &tm);
	}
	(void)printf("%s  %-5" PRIu64 " %-6u %-6u %-7" PRIu64 " %-6s %s\n", bare->at_text,
		     event.number, event.pid, event.flags, event.uid_gid, event.comm, event.fname);
	return ++bare->n_events >= bare->n_wanted ? -ECANCELED : 0;
}

static int set_pid(struct bpf_object *object, uint32_t pid)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		size_t size;
		const void *initial = bpf_map__initial_value(map, &size);

		/* only_pid is the one variable of .rodata. */
		if (initial && strstr(bpf_map__name(map), ".rodata") && size == sizeof(pid))
			return bpf_map__set_initial_value(map, &pid, size);
	}
	return -ENOENT;
}

static int open_bare(struct bare *bare, const char *path, uint32_t pid, ring_buffer_sample_fn fn)
{
	struct bpf_program *program;
	int r;

	bare->object = bpf_object__open_file(path, NULL);
	if (!bare->object)
		return -errno;
	r = set_pid(bare->object, pid);
	if (r == 0)
		r = bpf_object__load(bare->object);
	if (r < 0)
		return r;
	program = bpf_object__next_program(bare->object, NULL);
	bare->link = bpf_program__attach(program);
	if (!bare->link)
		return -errno;
	bare->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(bare->object, "events"), fn,
				      bare, NULL);
	return bare->ring ? 0 : -errno;
}

static void close_bare(struct bare *bare)
{
	ring_buffer__free(bare->ring);
	(void)bpf_link__destroy(bare->link);
	bpf_object__close(bare->object);
}

static int measure_open(struct bare *bare, const char *path)
{
	uint64_t start = now_ns();
	int r = open_bare(bare, path, (uint32_t)getpid(), count_event);

	if (r < 0)
		return r;
	(void)syscall(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
	while (bare->n_events == 0 && r >= 0)
		r = ring_buffer__poll(bare->ring, 1000);
	(void)printf("%" PRIu64 "\n", now_ns() - start);
	return r;
}

static int print_text(struct bare *bare, const char *path, const char *pid, const char *count)
{
	int r;

	bare->n_wanted = strtoull(count, NULL, 10);
	r = open_bare(bare, path, (uint32_t)strtoul(pid, NULL, 10), print_event);
	if (r < 0)
		return r;
	(void)fputs("ready\n", stderr);
	(void)printf("TIME     NUMBER PID    FLAGS  UID_GID COMM   FNAME  \n");
	while (r >= 0 && bare->n_events < bare->n_wanted)
		r = ring_buffer__poll(bare->ring, 1000);
	return bare->n_events >= bare->n_wanted ? 0 : r;
}

int main(int argc, char **argv)
{
	struct bare bare = { 0 };
	int r = -EINVAL;

	if (argc == 3 && strcmp(argv[1], "open") == 0)
		r = measure_open(&bare, argv[2]);
	else if (argc == 5 && strcmp(argv[1], "text") == 0)
		r = print_text(&bare, argv[2], argv[3], argv[4]);
	close_bare(&bare);
	if (r < 0)
		(void)fprintf(stderr, "bare: %s\n", strerror(-r));
	return r < 0 || fflush(stdout) != 0 ? 1 : 0;
}
