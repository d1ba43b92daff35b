/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See map_memory.h. The kernel tells what a map takes in the "memlock" line of its descriptor's
 * fdinfo, and nowhere else.
 */
#include "object/map_memory.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>

#define FDINFO_BYTES 4096
#define MEMLOCK	     "memlock:"

/* Return: 0 where the kernel does not tell. */
static uint64_t read_memlock(int map_fd)
{
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	char path[48];
	const char *line;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map_fd);
	if (eub_read_file(path, FDINFO_BYTES, &text) < 0)
		return 0;
	eub_buf_append_char(&text, '\0');
	line = text.has_failed ? NULL : strstr(text.data, MEMLOCK);
	return line ? strtoull(line + sizeof(MEMLOCK) - 1, NULL, 10) : 0;
}

static int measure(const struct bpf_map *map, struct eun__map_memory *ret_memory)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = bpf_map__fd(map);
	int r = fd < 0 ? fd : bpf_obj_get_info_by_fd(fd, &info, &size);

	if (r < 0)
		return r;
	*ret_memory = (struct eun__map_memory){ .id = info.id, .bytes = read_memlock(fd) };
	return 0;
}

size_t eun__map_memory_measure(const struct bpf_object *object, struct eun__map_memory **ret_maps)
{
	struct eun__map_memory *maps;
	const struct bpf_map *map;
	size_t n = 0;

	*ret_maps = NULL;
	bpf_object__for_each_map(map, object) n++;
	maps = n > 0 ? calloc(n, sizeof(*maps)) : NULL;
	if (!maps)
		return 0;
	n = 0;
	bpf_object__for_each_map(map, object)
	{
		if (measure(map, &maps[n]) == 0)
			n++;
	}
	*ret_maps = maps;
	return n;
}
