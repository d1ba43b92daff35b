/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel says of itself. Read anew at each call: nothing is cached. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define EUB_LSM_PATH	     "/sys/kernel/security/lsm"
#define EUB_LOCKDOWN_PATH    "/sys/kernel/security/lockdown"
/* Bytes of what either file says, with the terminator. */
#define EUB_KERNEL_WORDS_MAX 256

/* Is the running kernel of this release or a later one? */
bool eub_kernel_is_at_least(unsigned int major, unsigned int minor);
/**
 * eub_kernel_find_lsm() - is a security module active?
 * @path:     EUB_LSM_PATH, or a file like it
 * @ret_list: all that are, as the kernel says it: "lockdown,capability,yama"
 *
 * Return: 1: it is; 0: it is not; -errno: that cannot be known (-ENOENT: securityfs is not
 * mounted).
 */
int eub_kernel_find_lsm(const char *path, const char *module,
			char ret_list[static EUB_KERNEL_WORDS_MAX]);
/**
 * eub_kernel_get_lockdown() - how far the kernel is locked down
 * @path:      EUB_LOCKDOWN_PATH, or a file like it
 * @ret_level: "none", "integrity" or "confidentiality"
 *
 * Return: 0; -errno: that cannot be known; -EINVAL: the file is not understood.
 */
int eub_kernel_get_lockdown(const char *path, char ret_level[static EUB_KERNEL_WORDS_MAX]);
/* Is it known that the kernel keeps its memory from everybody, so that no tracing works? */
bool eub_kernel_is_confidential(void);
