/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the kernel's raw BTF (mapped where the kernel allows it, since 6.16, else read) and a small
 * cache of reduced results. Jobs of several starts share it, so one mutex guards everything; what
 * is done under it takes 5 ms at worst, once.
 */
#include "object/kernel_btf.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/list.h"
#include "base/str.h"
#include "object/limits.h"
#include "object/reduced_btf.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DEFAULT_PATH "/sys/kernel/btf/vmlinux"

struct reduced {
	struct eub_list link;
	char *key; /* "kind name" of each root */
	struct eub_buf bytes;
};

struct eun__kernel_btf {
	char *path;
	pthread_mutex_t lock;
	void *mapping; /* whole file; NULL while it is not loaded */
	size_t mapping_size;
	struct eub_buf copy; /* instead of a mapping, on kernels that cannot map it */
	struct eun__raw_btf raw;
	struct eub_list cache; /* newest last */
	size_t n_cached;
};

int eun__kernel_btf_new(const char *path, struct eun__kernel_btf **ret_btf)
{
	struct eun__kernel_btf *btf = calloc(1, sizeof(*btf));

	if (!btf)
		return -ENOMEM;
	btf->path = strdup(path ? path : DEFAULT_PATH);
	if (!btf->path) {
		free(btf);
		return -ENOMEM;
	}
	(void)pthread_mutex_init(&btf->lock, NULL); /* cannot fail with default attributes */
	eub_list_init(&btf->cache);
	*ret_btf = btf;
	return 0;
}

static void unload(struct eun__kernel_btf *btf)
{
	eun__raw_btf_done(&btf->raw);
	if (btf->mapping)
		(void)munmap(btf->mapping, btf->mapping_size); /* our own mapping */
	btf->mapping = NULL;
	eub_buf_done(&btf->copy);
}

static void drop_oldest(struct eun__kernel_btf *btf)
{
	struct reduced *entry = EUB_LIST_ENTRY(btf->cache.next, struct reduced, link);

	eub_list_remove(&entry->link);
	btf->n_cached--;
	eub_buf_done(&entry->bytes);
	free(entry->key);
	free(entry);
}

struct eun__kernel_btf *eun__kernel_btf_free(struct eun__kernel_btf *btf)
{
	if (!btf)
		return NULL;
	unload(btf);
	while (!eub_list_is_empty(&btf->cache))
		drop_oldest(btf);
	(void)pthread_mutex_destroy(&btf->lock); /* nobody holds it any more */
	free(btf->path);
	free(btf);
	return NULL;
}

const char *eun__kernel_btf_get_path(const struct eun__kernel_btf *btf)
{
	return btf->path;
}

void eun__kernel_btf_trim(struct eun__kernel_btf *btf)
{
	(void)pthread_mutex_lock(&btf->lock);
	unload(btf);
	(void)pthread_mutex_unlock(&btf->lock);
}

static int map_or_read(struct eun__kernel_btf *btf, const void **ret_data, size_t *ret_size)
{
	_cleanup_(eub_closep) int fd = open(btf->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > (off_t)EUN__KERNEL_BTF_BYTES)
		return -EFBIG;
	if (st.st_size > 0) {
		void *mapping = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (mapping != MAP_FAILED) {
			btf->mapping = mapping;
			btf->mapping_size = (size_t)st.st_size;
			*ret_data = mapping;
			*ret_size = btf->mapping_size;
			return 0;
		}
	}
	r = eub_read_fd(fd, EUN__KERNEL_BTF_BYTES, &btf->copy);
	*ret_data = btf->copy.data;
	*ret_size = btf->copy.len;
	return r;
}

static int load(struct eun__kernel_btf *btf, struct eun_error *err)
{
	const void *data = NULL;
	size_t size = 0;
	int r;

	if (btf->raw.offsets)
		return 0;
	r = map_or_read(btf, &data, &size);
	if (r == 0)
		r = eun__raw_btf_init(&btf->raw, data, size);
	if (r == 0)
		return 0;
	unload(btf);
	(void)eun_error_set(err, r, r == -ENOMEM ? EUN_REASON_NO_MEMORY : EUN_REASON_NO_KERNEL_BTF,
			    "the tracker needs the kernel's types, but '%s' cannot be %s: %s",
			    btf->path, r == -EINVAL ? "understood" : "read", strerror(-r));
	eun_error_set_hint(err, "the kernel must be built with CONFIG_DEBUG_INFO_BTF=y (Debian, "
				"Fedora and Ubuntu kernels are), with /sys mounted");
	return r;
}

static char *key_of(const struct eun__core_roots *roots)
{
	struct eub_buf key = EUB_BUF_INIT;

	for (size_t i = 0; i < roots->n_items; i++)
		eub_buf_printf(&key, "%u %s\n", roots->items[i].kind, roots->items[i].name);
	return eub_buf_take_string(&key);
}

static struct reduced *find_cached(struct eun__kernel_btf *btf, const char *key)
{
	EUB_LIST_FOREACH (entry, &btf->cache, struct reduced, link)
		if (eub_streq(entry->key, key))
			return entry;
	return NULL;
}

static int build(struct eun__kernel_btf *btf, const struct eun__core_roots *roots, char **key,
		 struct reduced **ret_entry)
{
	struct reduced *entry = calloc(1, sizeof(*entry));
	int r;

	if (!entry)
		return -ENOMEM;
	eub_list_init(&entry->link);
	r = eun__reduced_btf_build(&btf->raw, roots, &entry->bytes);
	if (r < 0) {
		eub_buf_done(&entry->bytes);
		free(entry);
		return r;
	}
	entry->key = EUB_TAKE_PTR(*key);
	if (btf->n_cached == EUN__REDUCED_CACHE_MAX)
		drop_oldest(btf);
	eub_list_append(&btf->cache, &entry->link);
	btf->n_cached++;
	*ret_entry = entry;
	return 0;
}

static int to_memfd(const struct eub_buf *bytes, int *ret_fd)
{
	_cleanup_(eub_closep) int fd = memfd_create("eunomia-btf", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = eub_write_all(fd, bytes->data, bytes->len);
	if (r == 0)
		*ret_fd = EUB_TAKE_FD(fd);
	return r;
}

static int reduce_locked(struct eun__kernel_btf *btf, const struct eun__core_roots *roots,
			 int *ret_fd, struct eun_error *err)
{
	_cleanup_(eub_freep) char *key = key_of(roots);
	struct reduced *entry;
	int r;

	if (!key)
		return eub_error_no_memory(err);
	entry = find_cached(btf, key);
	if (!entry) {
		r = load(btf, err);
		if (r == 0)
			r = build(btf, roots, &key, &entry);
		if (r < 0)
			return eun_error_set(err, r, EUN_REASON_NO_KERNEL_BTF,
					     "the types that the tracker needs cannot be taken "
					     "from '%s': %s",
					     btf->path, strerror(-r));
	}
	assert(entry);
	r = to_memfd(&entry->bytes, ret_fd);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL, "memfd_create: %s", strerror(-r));
	return 0;
}

int eun__kernel_btf_reduce(struct eun__kernel_btf *btf, const struct eun__core_roots *roots,
			   int *ret_fd, struct eun_error *err)
{
	int r;

	(void)pthread_mutex_lock(&btf->lock);
	r = reduce_locked(btf, roots, ret_fd, err);
	(void)pthread_mutex_unlock(&btf->lock);
	return r;
}

int eun__kernel_btf_each_name(struct eun__kernel_btf *btf, unsigned int kind,
			      void (*on_name)(const char *name, void *userdata), void *userdata,
			      struct eun_error *err)
{
	int r;

	(void)pthread_mutex_lock(&btf->lock);
	r = load(btf, err);
	for (uint32_t id = 1; r == 0 && id < btf->raw.n_types; id++) {
		const struct btf_type *type = eun__raw_btf_type(&btf->raw, id);

		if (BTF_INFO_KIND(type->info) == kind)
			on_name(eun__raw_btf_string(&btf->raw, type->name_off), userdata);
	}
	(void)pthread_mutex_unlock(&btf->lock);
	return r;
}
