/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: owner of the slots and of one epoll descriptor in which every event map of every slot
 * is registered, level-triggered. A ring's reader that holds its last record back stays readable,
 * so the kernel remembers for us which readers are to be looked at again. Perf buffers cannot do
 * that: they stand in a list of their own and are read at every turn.
 */
#include <eunomia/engine.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/limits.h"
#include "engine/slot.h"
#include "object/libbpf_log.h"

#include <bpf/bpf.h>
#include <assert.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int eun_engine_new(const struct eun_engine_options *options, struct eun_engine **ret_engine,
		   struct eun_error *err)
{
	struct eun_engine *engine;
	int r;

	if (!ret_engine || (options && options->size < sizeof(size_t)))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_engine_new: options.size must be set");
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return eub_error_no_memory(err);
	if (options)
		memcpy(&engine->options, options, EUB_MIN(options->size, sizeof(engine->options)));
	if (engine->options.max_slots == 0)
		engine->options.max_slots = EUN_ENGINE_MAX_SLOTS;
	eub_list_init(&engine->slots);
	eub_list_init(&engine->edge_sources);
	eun__checkpoints_init(&engine->checkpoints);
	engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = engine->epoll_fd < 0 ? -errno : 0;
	if (r == 0)
		r = eun__kernel_btf_new(engine->options.kernel_btf_path, &engine->kernel_btf);
	if (r < 0) {
		eun_engine_free(engine);
		return eun_error_set(err, r, EUN_REASON_INTERNAL, "the engine cannot be made: %s",
				     strerror(-r));
	}
	engine->options.kernel_btf_path = NULL; /* the copy is kernel_btf's */
	eun__libbpf_log_install(engine->options.on_debug, engine->options.userdata);
	*ret_engine = engine;
	return 0;
}

struct eun_engine *eun_engine_free(struct eun_engine *engine)
{
	if (!engine)
		return NULL;
	EUB_LIST_FOREACH (slot, &engine->slots, struct eun_slot, link)
		eun_slot_free(slot);
	eun__kernel_btf_free(engine->kernel_btf);
	eub_closep(&engine->epoll_fd);
	free(engine);
	return NULL;
}

void eun__engine_unwatch(struct eun_engine *engine, struct eun__source *source)
{
	if (!source->is_watched)
		return;
	source->is_watched = false;
	eub_list_remove(&source->edge_link);
	/* The descriptor was registered and is open: cannot fail. */
	(void)epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, eun__reader_fd(source->reader), NULL);
}

/* Return: 0; -1 with errno of epoll_ctl(2). */
static int control_source(struct eun_engine *engine, int operation, struct eun__source *source)
{
	struct epoll_event event = { .events = source->slot->is_held ? 0 : EPOLLIN,
				     .data.ptr = source };

	return epoll_ctl(engine->epoll_fd, operation, eun__reader_fd(source->reader), &event);
}

int eun__engine_watch(struct eun_engine *engine, struct eun__source *source, struct eun_error *err)
{
	if (source->is_watched)
		return 0;
	eun__source_begin(source);
	if (control_source(engine, EPOLL_CTL_ADD, source) < 0) {
		int r = -errno;

		return eun_error_set(err, r, EUN_REASON_INTERNAL, "epoll_ctl: %s", strerror(-r));
	}
	source->is_watched = true;
	if (!eun__reader_is_level_triggered(source->reader))
		eub_list_append(&engine->edge_sources, &source->edge_link);
	return 0;
}

static void unwatch_slot(struct eun_engine *engine, struct eun_slot *slot)
{
	EUB_LIST_FOREACH (source, &slot->sources, struct eun__source, link)
		eun__engine_unwatch(engine, source);
}

static int watch_slot(struct eun_engine *engine, struct eun_slot *slot, struct eun_error *err)
{
	EUB_LIST_FOREACH (source, &slot->sources, struct eun__source, link) {
		int r = eun__engine_watch(engine, source, err);

		if (r < 0) {
			unwatch_slot(engine, slot);
			return r;
		}
	}
	return 0;
}

/* What survives the process is counted in the slot's page, which goes on with what is there. */
static void begin_tally(struct eun_engine *engine, struct eun_slot *slot)
{
	struct eun__page *page = eun__switch_get_page(slot->gate_switch);
	void *memory = slot->pin_dir ? page->ledger : NULL;

	eun__tally_done(&slot->tally);
	eun__tally_init(&slot->tally, &engine->checkpoints, memory, sizeof(page->ledger));
}

int eun_engine_add(struct eun_engine *engine, struct eun_slot *slot, struct eun_error *err)
{
	int r;

	if (!engine || !slot || slot->engine != engine ||
	    (slot->state != EUN_SLOT_PREPARED && slot->state != EUN_SLOT_ADOPTED))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_engine_add: the slot must be prepared for this engine");
	eun_error_set_subject(err, slot->name);
	if (eun_engine_find(engine, slot->name)) {
		eun_error_set_hint(err, "choose another name with --name, or stop '%s' first",
				   slot->name);
		return eun_error_set(err, -EEXIST, EUN_REASON_NAME_TAKEN,
				     "a slot named '%s' exists already", slot->name);
	}
	if (engine->n_slots >= engine->options.max_slots)
		return eun_error_set(err, -ENOSPC, EUN_REASON_TOO_LARGE, "all %u slots are in use",
				     engine->options.max_slots);
	begin_tally(engine, slot);
	r = watch_slot(engine, slot, err);
	if (r < 0)
		return r;
	r = eun__slot_open(slot, err);
	if (r < 0) {
		unwatch_slot(engine, slot);
		return r;
	}
	eub_list_append(&engine->slots, &slot->link);
	engine->n_slots++;
	return 0;
}

static struct eun_slot *take_out(struct eun_engine *engine, struct eun_slot *slot)
{
	unwatch_slot(engine, slot);
	eun__tally_done(&slot->tally);
	eub_list_remove(&slot->link);
	engine->n_slots--;
	return slot;
}

struct eun_slot *eun_engine_remove(struct eun_engine *engine, struct eun_slot *slot)
{
	assert(!slot->is_swapping);
	eun__slot_close(slot);
	eun_slot_drain(slot);
	return take_out(engine, slot);
}

struct eun_slot *eun_engine_release(struct eun_engine *engine, struct eun_slot *slot)
{
	assert(!slot->is_swapping);
	eun__slot_set_state(slot, EUN_SLOT_RELEASED);
	return take_out(engine, slot);
}

void eun_engine_quiesce(void)
{
	/* MEMBARRIER_CMD_GLOBAL is a synchronize_rcu() in the kernel (membarrier(2)). */
	(void)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); /* exists since 4.3 */
}

struct eun_slot *eun_engine_find(struct eun_engine *engine, const char *name)
{
	EUB_LIST_FOREACH (slot, &engine->slots, struct eun_slot, link)
		if (eub_streq(slot->name, name))
			return slot;
	return NULL;
}

struct eun_slot *eun_engine_get_slot(struct eun_engine *engine, size_t i)
{
	EUB_LIST_FOREACH (slot, &engine->slots, struct eun_slot, link)
		if (i-- == 0)
			return slot;
	return NULL;
}

size_t eun_engine_get_n_slots(const struct eun_engine *engine)
{
	return engine->n_slots;
}

int eun_engine_fd(const struct eun_engine *engine)
{
	return engine->epoll_fd;
}

unsigned int eun_engine_dispatch(struct eun_engine *engine, unsigned int budget, unsigned int flags)
{
	struct epoll_event ready[EUN__READY_MAX];
	int n = epoll_wait(engine->epoll_fd, ready, EUN__READY_MAX, 0);
	bool hold = flags & EUN_DISPATCH_HOLD;
	unsigned int n_events = 0;

	/* The kernel moves what it reported to the end of its list: nobody starves. */
	for (int i = 0; i < n; i++) {
		struct eun__source *source = ready[i].data.ptr;

		if (eub_list_is_empty(&source->edge_link))
			n_events += eun__source_read(source, budget, hold);
	}
	EUB_LIST_FOREACH (source, &engine->edge_sources, struct eun__source, edge_link)
		if (!source->slot->is_held)
			n_events += eun__source_read(source, budget, hold);
	while (!(flags & EUN_DISPATCH_UNCOMMITTED) && eun_engine_checkpoint(engine))
		eun_engine_commit(engine);
	return n_events;
}

bool eun_engine_checkpoint(struct eun_engine *engine)
{
	return eun__checkpoints_take(&engine->checkpoints);
}

void eun_engine_commit(struct eun_engine *engine)
{
	eun__checkpoints_commit(&engine->checkpoints);
}

bool eun_engine_has_uncommitted(const struct eun_engine *engine)
{
	return eun__checkpoints_has_uncommitted(&engine->checkpoints);
}

void eun_slot_hold(struct eun_slot *slot, bool is_held)
{
	slot->is_held = is_held;
	EUB_LIST_FOREACH (source, &slot->sources, struct eun__source, link)
		if (source->is_watched) /* and then this cannot fail */
			(void)control_source(slot->engine, EPOLL_CTL_MOD, source);
}

/* Return: 1 when something is readable; 0 on timeout; -errno. */
static int wait_readable(struct eun_engine *engine, int timeout_ms)
{
	struct epoll_event event;
	int n = epoll_wait(engine->epoll_fd, &event, 1, timeout_ms);

	return n < 0 ? -errno : n;
}

/* A turn that left records behind, or held some, is followed by another without waiting. */
static int poll_busy(struct eun_engine *engine)
{
	const struct timespec delay = { .tv_nsec = EUN__BATCH_DELAY_NS };
	unsigned int n = eun_engine_dispatch(engine, EUN__POLL_BUDGET, EUN_DISPATCH_HOLD);

	if (n > 0)
		return (int)n;
	if (clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL) == EINTR)
		return -EINTR;
	n = eun_engine_dispatch(engine, EUN__POLL_BUDGET, EUN_DISPATCH_HOLD);
	if (n > 0)
		return (int)n;
	engine->is_busy = false;
	return (int)eun_engine_dispatch(engine, EUN__POLL_BUDGET, 0);
}

/*
 * A wake-up soon after the last one means load: then records are held, which keeps the kernel from
 * waking us for each one, and the next turns wait out the batch delay instead.
 */
int eun_engine_poll(struct eun_engine *engine, int timeout_ms)
{
	bool is_loaded;
	uint64_t now;
	int r;

	if (engine->is_busy) {
		r = poll_busy(engine);
		if (r != 0)
			return r;
	}
	r = wait_readable(engine, timeout_ms);
	if (r <= 0)
		return r;
	now = eub_clock_mono_ns();
	is_loaded = now - engine->last_wake_ns < EUN__BATCH_DELAY_NS;
	engine->last_wake_ns = now;
	r = (int)eun_engine_dispatch(engine, EUN__POLL_BUDGET, is_loaded ? EUN_DISPATCH_HOLD : 0);
	engine->is_busy = is_loaded || r >= (int)EUN__POLL_BUDGET;
	return r;
}

void eun_engine_trim(struct eun_engine *engine)
{
	eun__kernel_btf_trim(engine->kernel_btf);
}

int eun_engine_time_programs(void)
{
	return bpf_enable_stats(BPF_STATS_RUN_TIME);
}

void *eun_engine_get_userdata(const struct eun_engine *engine)
{
	return engine->options.userdata;
}
