/* SPDX-License-Identifier: Apache-2.0 */
/* See switch.h. Owns the map's descriptor and its mapping. */
#include "object/switch.h"

#include "base/cleanup.h"
#include "object/privilege.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(offsetof(struct eun__page, skipped) == 64, "a cache line of its own");
static_assert(offsetof(struct eun__page, ledger) % 64 == 0, "aligned for any counter");
static_assert(sizeof(struct eun__page) <= 4096, "one page");

struct eun__switch {
	int map_fd;
	struct eun__page *page;
	size_t mapping_size;
};

static int fail(int r, const char *what, struct eun_error *err)
{
	(void)eun_error_set(err, r, r == -EPERM ? EUN_REASON_PERMISSION : EUN_REASON_INTERNAL,
			    "the slot's switch word cannot be made: %s: %s", what, strerror(-r));
	if (r == -EPERM)
		eun__privilege_hint(EUN__STEP_MAP, err);
	return r;
}

/* Takes @map_fd in any case. */
static int wrap_map(int map_fd, struct eun__switch **ret_switch, struct eun_error *err)
{
	struct eun__switch *sw = calloc(1, sizeof(*sw));
	void *mapping;
	int r;

	if (!sw) {
		eub_closep(&map_fd);
		return fail(-ENOMEM, "calloc", err);
	}
	sw->map_fd = map_fd;
	sw->mapping_size = (size_t)sysconf(_SC_PAGESIZE);
	mapping = mmap(NULL, sw->mapping_size, PROT_READ | PROT_WRITE, MAP_SHARED, sw->map_fd, 0);
	if (mapping == MAP_FAILED) {
		r = -errno;
		eun__switch_free(sw);
		return fail(r, "mmap", err);
	}
	sw->page = mapping;
	*ret_switch = sw;
	return 0;
}

int eun__switch_new(struct eun__switch **ret_switch, struct eun_error *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "eunomia_switch", sizeof(uint32_t),
				sizeof(struct eun__page), 1, &options);
	int r;

	if (fd < 0)
		return fail(fd, "bpf(BPF_MAP_CREATE)", err);
	r = wrap_map(fd, ret_switch, err);
	if (r < 0)
		return r;
	eun__switch_set(*ret_switch, EUN__SWITCH_CLOSED);
	(*ret_switch)->page->version = EUN__PAGE_VERSION;
	(*ret_switch)->page->next_generation = 1;
	return 0;
}

static int check_map(int fd, const char *path, struct eun_error *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return fail(-errno, "bpf(BPF_OBJ_GET_INFO_BY_FD)", err);
	if (info.type == BPF_MAP_TYPE_ARRAY && info.value_size == sizeof(struct eun__page) &&
	    (info.map_flags & BPF_F_MMAPABLE))
		return 0;
	return eun_error_set(err, -ESTALE, EUN_REASON_UNSUPPORTED,
			     "'%s' is not a switch page of this version", path);
}

int eun__switch_adopt(const char *path, struct eun__switch **ret_switch, struct eun_error *err)
{
	struct eun__switch *sw = NULL;
	int fd = bpf_obj_get(path);
	int r;

	if (fd < 0)
		return eun_error_set(err, fd, EUN_REASON_NOT_FOUND, "'%s' cannot be opened: %s",
				     path, strerror(-fd));
	r = check_map(fd, path, err);
	if (r < 0) {
		eub_closep(&fd);
		return r;
	}
	r = wrap_map(fd, &sw, err);
	if (r < 0)
		return r;
	assert(sw);
	if (sw->page->version != EUN__PAGE_VERSION) {
		(void)eun_error_set(err, -ESTALE, EUN_REASON_UNSUPPORTED,
				    "'%s' has version %u, this engine knows %d", path,
				    sw->page->version, EUN__PAGE_VERSION);
		eun__switch_free(sw);
		return -ESTALE;
	}
	*ret_switch = sw;
	return 0;
}

struct eun__switch *eun__switch_free(struct eun__switch *sw)
{
	if (!sw)
		return NULL;
	if (sw->page)
		(void)munmap(sw->page, sw->mapping_size); /* our own mapping */
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
	__atomic_store_n(&sw->page->index, index, __ATOMIC_RELEASE);
}

uint32_t eun__switch_get(const struct eun__switch *sw)
{
	return __atomic_load_n(&sw->page->index, __ATOMIC_ACQUIRE);
}

struct eun__ring_counter eun__switch_get_counter(const struct eun__switch *sw)
{
	return (struct eun__ring_counter){ .map_fd = sw->map_fd,
					   .offset = offsetof(struct eun__page, lost) };
}

uint64_t eun__switch_get_lost(const struct eun__switch *sw)
{
	return __atomic_load_n(&sw->page->lost, __ATOMIC_RELAXED);
}

uint64_t eun__switch_get_skipped(const struct eun__switch *sw)
{
	return __atomic_load_n(&sw->page->skipped, __ATOMIC_RELAXED);
}

void eun__switch_select(struct eun__switch *sw, uint32_t index)
{
	__atomic_store_n(&sw->page->open_index, index, __ATOMIC_RELEASE);
	if (eun__switch_get(sw) != EUN__SWITCH_CLOSED)
		eun__switch_set(sw, index);
}

void eun__switch_open(struct eun__switch *sw)
{
	eun__switch_set(sw, sw->page->open_index);
}

void eun__switch_close(struct eun__switch *sw)
{
	eun__switch_set(sw, EUN__SWITCH_CLOSED);
}

uint32_t eun__switch_get_selected(const struct eun__switch *sw)
{
	uint32_t index = eun__switch_get(sw);

	return index == EUN__SWITCH_CLOSED
		   ? __atomic_load_n(&sw->page->open_index, __ATOMIC_ACQUIRE)
		   : index;
}

struct eun__page *eun__switch_get_page(const struct eun__switch *sw)
{
	return sw->page;
}
