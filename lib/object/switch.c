/* SPDX-License-Identifier: Apache-2.0 */
/* See switch.h. Owns the map's descriptor and its mapping. */
#include "object/switch.h"

#include "base/cleanup.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(offsetof(struct eun__switch_value, skipped) == 64, "a cache line of its own");

struct eun__switch {
	int map_fd;
	struct eun__switch_value *value;
	size_t mapping_size;
};

static int fail(int r, const char *what, struct eun_error *err)
{
	(void)eun_error_set(err, r, r == -EPERM ? EUN_REASON_PERMISSION : EUN_REASON_INTERNAL,
			    "the slot's switch word cannot be made: %s: %s", what, strerror(-r));
	if (r == -EPERM)
		eun_error_set_hint(err, "BPF needs root, or CAP_BPF and CAP_PERFMON");
	return r;
}

int eun__switch_new(struct eun__switch **ret_switch, struct eun_error *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	struct eun__switch *sw = calloc(1, sizeof(*sw));
	void *mapping;
	int r;

	if (!sw)
		return fail(-ENOMEM, "calloc", err);
	sw->mapping_size = (size_t)sysconf(_SC_PAGESIZE);
	sw->map_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "eunomia_switch", sizeof(uint32_t),
				    sizeof(struct eun__switch_value), 1, &options);
	if (sw->map_fd < 0) {
		r = sw->map_fd;
		eun__switch_free(sw);
		return fail(r, "bpf(BPF_MAP_CREATE)", err);
	}
	mapping = mmap(NULL, sw->mapping_size, PROT_READ | PROT_WRITE, MAP_SHARED, sw->map_fd, 0);
	if (mapping == MAP_FAILED) {
		r = -errno;
		eun__switch_free(sw);
		return fail(r, "mmap", err);
	}
	sw->value = mapping;
	eun__switch_set(sw, EUN__SWITCH_CLOSED);
	*ret_switch = sw;
	return 0;
}

struct eun__switch *eun__switch_free(struct eun__switch *sw)
{
	if (!sw)
		return NULL;
	if (sw->value)
		(void)munmap(sw->value, sw->mapping_size); /* our own mapping */
	eub_closep(&sw->map_fd);
	free(sw);
	return NULL;
}

int eun__switch_get_map_fd(const struct eun__switch *sw)
{
	return sw->map_fd;
}

void eun__switch_set(struct eun__switch *sw, uint32_t index)
{
	__atomic_store_n(&sw->value->index, index, __ATOMIC_RELEASE);
}

uint32_t eun__switch_get(const struct eun__switch *sw)
{
	return __atomic_load_n(&sw->value->index, __ATOMIC_ACQUIRE);
}

uint64_t eun__switch_get_skipped(const struct eun__switch *sw)
{
	return __atomic_load_n(&sw->value->skipped, __ATOMIC_RELAXED);
}
