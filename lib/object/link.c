/* SPDX-License-Identifier: Apache-2.0 */
#include "object/link.h"

#include "base/cleanup.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static int add_link(struct eun__links *links, struct bpf_link *link)
{
	struct bpf_link **items;

	if (!link)
		return -errno;
	items = reallocarray(links->items, links->n_items + 1, sizeof(struct bpf_link *));
	if (!items) {
		(void)bpf_link__destroy(link); /* out of memory is what gets reported */
		return -ENOMEM;
	}
	links->items = items;
	items[links->n_items++] = link;
	return 0;
}

int eun__links_attach_auto(struct eun__links *links, const struct bpf_program *program)
{
	return add_link(links, bpf_program__attach(program));
}

static int open_clock(uint32_t type, uint64_t config, unsigned int hz, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = type, .config = config, .freq = 1, .sample_freq = hz
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int attach_clock_on(struct eun__links *links, const struct bpf_program *program,
			   unsigned int hz, int cpu)
{
	int fd = open_clock(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, hz, cpu);
	int r;

	if (fd == -ENOENT || fd == -EOPNOTSUPP)
		fd = open_clock(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, hz, cpu);
	if (fd == -ENODEV)
		return 0; /* possible, but not online */
	if (fd < 0)
		return fd;
	/* The link owns the descriptor from here on, if it comes to be. */
	r = add_link(links, bpf_program__attach_perf_event(program, fd));
	if (r < 0)
		(void)close(fd);
	return r;
}

int eun__links_attach_clock(struct eun__links *links, const struct bpf_program *program,
			    unsigned int hz)
{
	int n_cpus = libbpf_num_possible_cpus();

	if (n_cpus < 0)
		return n_cpus;
	for (int cpu = 0; cpu < n_cpus; cpu++) {
		int r = attach_clock_on(links, program, hz, cpu);

		if (r < 0) {
			eun__links_done(links);
			return r;
		}
	}
	return links->n_items > 0 ? 0 : -ENODEV;
}

int eun__links_attach_btf(struct eun__links *links, int program_fd)
{
	int fd = bpf_raw_tracepoint_open(NULL, program_fd);

	if (fd < 0)
		return fd;
	links->fd = fd;
	return 0;
}

void eun__links_done(struct eun__links *links)
{
	for (size_t i = 0; i < links->n_items; i++)
		(void)bpf_link__destroy(links->items[i]); /* the descriptor is closed in any case */
	free(links->items);
	eub_closep(&links->fd);
	*links = EUN__LINKS_INIT;
}
