/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/event: what the two kinds of readers give to reader.c. */
#pragma once

#include "event/reader.h"

struct eun__reader_kind {
	bool is_level_triggered;
	int (*fd)(const void *impl);
	unsigned int (*read)(void *impl, unsigned int budget, bool hold);
	uint64_t (*get_position)(const void *impl);
	uint64_t (*get_end)(const void *impl);
	int (*resume)(void *impl, uint64_t position); /* NULL: it cannot */
	void (*get_info)(const void *impl, struct eun__reader_info *ret_info);
	void (*free)(void *impl);
};

struct eun__reader {
	const struct eun__reader_kind *kind;
	void *impl; /* owned */
};

/* Wraps @impl. Return: 0; -ENOMEM, then @impl is still the caller's. */
int eun__reader_wrap(const struct eun__reader_kind *kind, void *impl,
		     struct eun__reader **ret_reader, struct eun_error *err);
/**
 * eun__reader_check_map() - see that a map is of a type, and get its size
 *
 * Return: 0; -EINVAL if it is not; -errno of bpf(2).
 */
int eun__reader_check_map(int map_fd, unsigned int map_type, const char *type_name,
			  unsigned int *ret_max_entries, struct eun_error *err);
