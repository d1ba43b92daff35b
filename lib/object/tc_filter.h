/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A classic tc filter: how programs hang on an interface before kernel 6.6 brought links for them.
 * It belongs to the interface, not to a descriptor: it stays until somebody removes it, this
 * process's end or not. Its "pin" is a symbolic link in the BPF file system whose text says where
 * the filter is, so that a successor finds it.
 */
#pragma once

#include "object/target.h"

#include <stdint.h>

struct eun__tc_filter {
	int ifindex; /* 0: there is no filter */
	enum eun__direction direction;
	uint32_t handle;
	uint32_t priority;
	uint32_t program_id;
};

/**
 * eun__tc_filter_attach() - put a program before the other filters of an interface
 *
 * Adds the "clsact" queueing discipline if the interface has none; it stays, others may use it.
 *
 * Return: 0; -errno of netlink.
 */
int eun__tc_filter_attach(int program_fd, int ifindex, enum eun__direction direction,
			  struct eun__tc_filter *ret_filter);
/* Removes the filter, unless another program took its place. None is allowed. */
void eun__tc_filter_detach(const struct eun__tc_filter *filter);
/* Return: 0; -errno of symlink(2). */
int eun__tc_filter_pin(const struct eun__tc_filter *filter, const char *path);
/* Return: 0; -ENOENT if there is nothing at @path; -EINVAL if it is no filter's pin. */
int eun__tc_filter_adopt(const char *path, struct eun__tc_filter *ret_filter);
/* Detaches the filter whose pin is at @path, and leaves the pin; other files it leaves alone. */
void eun__tc_filter_detach_pinned(const char *path);
