/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types as far as the trackers read them. Only names count, not places: each access is
 * a CO-RE relocation (preserve_access_index), which the loader resolves against the types of the
 * kernel that runs. So this replaces a vmlinux.h of several megabytes, and trackers build on hosts
 * whose kernel has no BTF. Add what your tracker reads and nothing else.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	unsigned int flags;
	int group_exit_code;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct task_struct {
	int exit_code; /* as wait(2) gives it */
	__s32 pid;     /* thread */
	__s32 tgid;    /* process */
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_time; /* CLOCK_MONOTONIC, ns */
	char comm[16];
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
};

/* Contexts of tracepoints: trace_event_raw_<event> of include/trace/events/. */

struct trace_event_raw_sched_process_exec {
	__u32 __data_loc_filename;
};

/* Only newer kernels have this type: test with bpf_core_field_exists(). */
struct trace_event_raw_sched_process_exit {
	bool group_dead;
};

struct trace_event_raw_inet_sock_set_state {
	const void *skaddr;
	int oldstate;
	int newstate;
	__u16 sport; /* host byte order */
	__u16 dport;
	__u16 family;
	__u16 protocol;
	__u8 saddr_v6[16]; /* IPv4 in its mapped form */
	__u8 daddr_v6[16];
};

struct trace_event_raw_signal_generate {
	int sig;
	int code;
	char comm[16]; /* of the target */
	__s32 pid;     /* of the target */
	int result;
};

struct trace_event_raw_mark_victim {
	int pid;
	/* From Linux 6.9: test with bpf_core_field_exists(). */
	__u32 __data_loc_comm;
	unsigned long total_vm;
	unsigned long anon_rss;
	unsigned long file_rss;
	unsigned long shmem_rss;
	__u32 uid;
	unsigned long pgtables;
	short oom_score_adj;
};

#pragma clang attribute pop
