/* SPDX-License-Identifier: Apache-2.0 */
/* What holds a program on its hook: one libbpf link, a set of them (a clock per CPU), or a bare
 * link descriptor. Releasing it detaches. */
#pragma once

#include <stddef.h>

struct bpf_link;
struct bpf_program;

struct eun__links {
	struct bpf_link **items;
	size_t n_items;
	int fd; /* a link without libbpf's wrapper; -EBADF if there is none */
};

#define EUN__LINKS_INIT ((struct eun__links){ .fd = -EBADF })

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
/* Detaches: blocks for a kernel grace period for some kinds. */
void eun__links_done(struct eun__links *links);
