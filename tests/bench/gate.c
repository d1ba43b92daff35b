// SPDX-License-Identifier: Apache-2.0
/*
 * What a gate costs: the processor time of a call that passes a tracker's hooks, once with the
 * tracker's programs attached directly, once behind gates, in turns. The trackers are those of the
 * oracle; they look at nobody's calls here, so they only find that out and return, and the gate
 * weighs as much as it ever can. Prints "KIND HOOKS DIRECT_NS GATED_NS" a round, ns of a whole
 * call.
 *
 *   gate OBJECTS_FOLDER ROUNDS
 */
#include "load.h"
#include "place.h"

#include "base/macro.h"
#include "object/attach_kind.h"
#include "object/link.h"
#include "object/target.h"

#include <eunomia/engine.h>

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOOKS_MAX 2
#define PASSES	  25 /* of each measurement; the fastest counts */

static const struct kind {
	const char *name;
	unsigned int n_hooks;
	enum load_kind load;
	uint32_t n_calls;
	const char *attach[HOOKS_MAX];
} kinds[] = {
	{ .name = "tracepoint", .n_hooks = 2, .load = LOAD_SYSCALL, .n_calls = 10000 },
	{ .name = "raw_tp", .n_hooks = 2, .load = LOAD_SYSCALL, .n_calls = 10000 },
	{ .name = "tp_btf", .n_hooks = 2, .load = LOAD_SYSCALL, .n_calls = 10000 },
	{ .name = "uprobe", .n_hooks = 2, .load = LOAD_FUNCTIONS, .n_calls = 3000 },
	{ .name = "uretprobe", .n_hooks = 2, .load = LOAD_FUNCTIONS, .n_calls = 3000 },
	{ .name = "perf_event", .n_hooks = 1, .load = LOAD_FAULTS, .n_calls = 5000 },
	{ .name = "xdp",
	  .n_hooks = 1,
	  .load = LOAD_PACKETS,
	  .n_calls = 2000,
	  .attach = { "iface=lo" } },
	{ .name = "tc",
	  .n_hooks = 2,
	  .load = LOAD_PACKETS,
	  .n_calls = 2000,
	  .attach = { "on_egress:iface=lo,dir=egress", "on_ingress:iface=lo,dir=ingress" } },
	{ .name = "cgroup", .n_hooks = 2, .load = LOAD_PACKETS, .n_calls = 2000 },
};

struct bench {
	const struct kind *kind;
	struct load_regions regions;
	char path[512]; /* of the tracker */
	char at_cgroup[300];
	const char *attach[HOOKS_MAX];
	struct eun_slot_options options;
	struct eun_engine *engine;
	struct eun_slot *slot;
	struct bpf_object *object;
	struct eun__links links;
	int program_fd; /* what runs at a fault */
};

static int attach_program(struct bench *bench, struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const struct eun__attach_kind *kind = eun__attach_kind_find(section);
	struct eun__target target = EUN__TARGET_INIT;
	int r;

	if (kind->attach == EUN__ATTACH_PERF_EVENT) {
		bench->program_fd = bpf_program__fd(program);
		return 0;
	}
	if (!eun__target_is_needed(kind))
		return eun__links_attach_auto(&bench->links, program);
	r = eun__target_find(&bench->options, bpf_program__name(program), section, kind, &target,
			     NULL);
	if (r > 0)
		r = eun__links_attach_target(&bench->links, program, kind, &target);
	eun__target_done(&target);
	return r;
}

static int attach_direct(struct bench *bench)
{
	struct bpf_program *program;
	int r = 0;

	bench->object = bpf_object__open_file(bench->path, NULL);
	if (!bench->object)
		return -errno;
	r = bpf_object__load(bench->object);
	bpf_object__for_each_program(program, bench->object)
	{
		if (r == 0)
			r = attach_program(bench, program);
	}
	return r;
}

static void detach_direct(struct bench *bench)
{
	eun__links_done(&bench->links);
	bpf_object__close(bench->object);
	bench->object = NULL;
}

static int attach_gated(struct bench *bench)
{
	struct eun_package *package = NULL;
	int r = eun_package_read(bench->path, &package, NULL);

	if (r < 0)
		return r;
	r = eun_slot_new(bench->engine, package, &bench->options, &bench->slot, NULL);
	if (r < 0) {
		eun_package_free(package);
		return r;
	}
	bench->program_fd = load_find_gate("on_fault");
	return eun_engine_add(bench->engine, bench->slot, NULL);
}

static void detach_gated(struct bench *bench)
{
	bench->slot = eun_slot_free(eun_engine_remove(bench->engine, bench->slot));
}

/* Of this thread, so that others on the same processor do not count. */
static uint64_t cpu_time_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); /* cannot fail for this clock */
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* ns of one call, in the fastest of some passes. */
static int measure(struct bench *bench, double *ret_ns)
{
	const struct kind *kind = bench->kind;
	double best = 0;

	for (int pass = 0; pass < PASSES; pass++) {
		struct load load;
		uint64_t begin;
		double each;
		int r = load_open(&load, kind->load, 0, &bench->regions, bench->program_fd);

		begin = cpu_time_ns();
		for (uint32_t i = 1; i <= kind->n_calls && r == 0; i++)
			r = load_call(&load, i);
		each = (double)(cpu_time_ns() - begin) / kind->n_calls;
		load_close(&load);
		if (r < 0)
			return r;
		if (pass == 0 || each < best)
			best = each;
	}
	*ret_ns = best;
	return 0;
}

static int run_round(struct bench *bench)
{
	double direct = 0;
	double gated = 0;
	int r = attach_direct(bench);

	if (r == 0)
		r = measure(bench, &direct);
	detach_direct(bench);
	if (r == 0)
		r = attach_gated(bench);
	if (r == 0)
		r = measure(bench, &gated);
	if (bench->slot)
		detach_gated(bench);
	if (r == 0)
		(void)printf("%s %u %.1f %.1f\n", bench->kind->name, bench->kind->n_hooks, direct,
			     gated);
	return r;
}

static int run_kind(const struct kind *kind, const char *objects, const char *cgroup, long n_rounds)
{
	struct bench bench = { .kind = kind, .links = EUN__LINKS_INIT };
	size_t n_attach = 0;
	int r = eun_engine_new(NULL, &bench.engine, NULL);

	(void)snprintf(bench.path, sizeof(bench.path), "%s/oracle_%s.bpf.o", objects, kind->name);
	(void)snprintf(bench.at_cgroup, sizeof(bench.at_cgroup), "cgroup=%s", cgroup);
	while (n_attach < HOOKS_MAX && kind->attach[n_attach]) {
		bench.attach[n_attach] = kind->attach[n_attach];
		n_attach++;
	}
	if (strcmp(kind->name, "cgroup") == 0)
		bench.attach[n_attach++] = bench.at_cgroup;
	bench.options = (struct eun_slot_options){ .size = sizeof(bench.options),
						   .name = "bench",
						   .attach = bench.attach,
						   .n_attach = n_attach };
	if (r == 0)
		r = load_regions_map(&bench.regions, 1, kind->n_calls);
	for (long i = 0; i < n_rounds && r == 0; i++)
		r = run_round(&bench);
	load_regions_unmap(&bench.regions);
	eun_engine_free(bench.engine);
	return r;
}

int main(int argc, char **argv)
{
	struct place_cgroup cgroup = { .path = "" };
	int r = place_enter_network();
	bool has_cgroup = r == 0 && place_enter_cgroup(&cgroup) == 0;

	if (argc != 3 || r < 0) {
		(void)fprintf(stderr, "usage: %s OBJECTS_FOLDER ROUNDS, as root\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(kinds); i++) {
		r = run_kind(&kinds[i], argv[1], cgroup.path, strtol(argv[2], NULL, 10));
		if (r < 0)
			(void)fprintf(stderr, "gate: %s: %s\n", kinds[i].name, strerror(-r));
	}
	if (has_cgroup)
		place_leave_cgroup(&cgroup);
	return fflush(stdout) == 0 ? 0 : 1;
}
