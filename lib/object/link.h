/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds a program on its hook: links, of libbpf's or as bare descriptors (a clock has one for
 * each CPU), or a tc filter. Releasing them detaches, unless they are pinned.
 */
#pragma once

#include "object/attach_kind.h"
#include "object/tc_filter.h"

#include <stdbool.h>
#include <stddef.h>

struct bpf_link;
struct bpf_program;
struct eun__target;

struct eun__links {
	struct bpf_link **items;
	size_t n_items;
	int *fds; /* links without libbpf's wrapper */
	size_t n_fds;
	struct eun__tc_filter filter;
	bool is_pinned;
};

#define EUN__LINKS_INIT ((struct eun__links){ 0 })

/* As the program's section says. Return: 0; -errno, with libbpf's words in its log. */
int eun__links_attach_auto(struct eun__links *links, const struct bpf_program *program);
/**
 * eun__links_attach_clock() - run a perf_event program @hz times a second on each CPU
 *
 * Counts CPU cycles where the machine has counters, else the software clock, which virtual machines
 * have too.
 *
 * Return: 0; -errno of perf_event_open(2) or of attaching.
 */
int eun__links_attach_clock(struct eun__links *links, const struct bpf_program *program,
			    unsigned int hz);
/* Attaches a BTF-typed program (tp_btf, fentry, fexit, fmod_ret, LSM). Return: 0; -errno. */
int eun__links_attach_btf(struct eun__links *links, int program_fd);
/**
 * eun__links_attach_target() - attach a program at an interface or a cgroup
 * @kind:   one that eun__target_is_needed() for
 * @target: of the point that @kind asks for
 *
 * XDP runs in the driver, or before the network stack where the driver cannot; tc programs hang by
 * tcx, or as a classic filter on kernels before 6.6.
 *
 * Return: 0; -ENODEV (no such interface), -ENOENT or -ENOTDIR (no such cgroup), -EBUSY (the
 * interface has an XDP program), -EOPNOTSUPP, other -errno of bpf(2).
 */
int eun__links_attach_target(struct eun__links *links, const struct bpf_program *program,
			     const struct eun__attach_kind *kind, const struct eun__target *target);
/* Detaches: blocks for a kernel grace period for some kinds. Pinned links go on until
 * eun__links_unpin() as well. */
void eun__links_done(struct eun__links *links);

/**
 * eun__links_pin() - let what is attached outlive this process
 * @dir: an empty folder in a BPF file system; gets "link0", "link1", ...
 *
 * Return: 0; -EINVAL or -EOPNOTSUPP for what the kernel cannot pin (USDT; tracepoints, kprobes,
 * uprobes and clocks before 5.15); other -errno of bpf(2). On failure nothing is pinned.
 */
int eun__links_pin(struct eun__links *links, const char *dir);
/**
 * eun__links_adopt() - take hold of what another process pinned in @dir
 * @links: empty
 *
 * Return: 0; -ENOENT if there is nothing; -ENOMEM, -errno of bpf(2).
 */
int eun__links_adopt(struct eun__links *links, const char *dir);
/* Frees the handles and leaves what is pinned attached; what is not pinned is detached. */
void eun__links_leave(struct eun__links *links);
/* Removes the pins in @dir: links that no process holds any more are detached, and tc filters.
 * Return: 0; -errno. */
int eun__links_unpin(const char *dir);
