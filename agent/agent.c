/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent. struct agent owns every long-lived part; parts borrow each other through it. Handles
 * that are embedded in parts are closed all at once when the agent goes, by walking the loop, also
 * after a start that failed half-way; so parts have no close functions of their own unless there is
 * more to do.
 *
 *   starting -> serving -> stopping (slots are detached or left) -> ending (clients get the last
 *   bytes)
 *
 * Order of a stop: no new clients, no new calls; each slot's gate is closed and its last events
 * handed up; when all are detached the streams end with UNAVAILABLE, and when everything is written
 * or a second has passed, the loop ends. A second signal skips all that: the kernel detaches what
 * belonged to the process.
 *
 * SIGUSR2 is a stop with a successor: the same, but slots are left attached for it. It is a signal
 * of its own because the agent cannot know by itself why it is stopped, and systemd sends it where
 * a restart is the reason (RestartKillSignal=). That needs no bus, nothing to wait for, and works
 * by hand as well. To an agent that does not listen yet it is a crash, which slots survive too.
 */
#include "agent.h"

#include "agent_limits.h"
#include "conn.h"
#include "declare.h"
#include "delivery.h"
#include "info.h"
#include "job.h"
#include "journal.h"
#include "journal_queue.h"
#include "keep.h"
#include "launch.h"
#include "listener.h"
#include "notify.h"
#include "probation.h"
#include "pump.h"
#include "rejoin.h"
#include "restore.h"
#include "service.h"
#include "sink_journal.h"
#include "sinks.h"
#include "slot_end.h"
#include "slot_swap.h"
#include "slots.h"
#include "watch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <eunomia/engine.h>
#include <eunomia/version.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define END_GRACE_MS	    1000
#define JOURNAL_PATIENCE_MS 2000
#define HAND_OVER_SIGNAL    SIGUSR2

enum agent_stage {
	AGENT_STARTING, /* slots of an earlier agent are taken over; nobody can connect yet */
	AGENT_SERVING,
	AGENT_STOPPING,
	AGENT_ENDING,
};

struct agent {
	const struct options *options;
	enum agent_stage stage;
	struct config config;
	struct journal_queue *queue; /* to the journal: of the log and the sink */
	struct log log;
	uv_loop_t loop;
	bool has_loop;
	uv_signal_t terminate, interrupt, hand_over, hangup;
	uv_timer_t stop; /* one-shot: the next step of a stop */
	struct eun_engine *engine;
	struct job_pool jobs;
	struct delivery delivery;
	struct sink_journal *journal;
	struct rejoin rejoin;
	struct keep keep;
	struct slots slots;
	struct launcher launcher;
	struct restore restore;
	struct declare declare;
	struct later later;
	bool is_retry; /* the pass under way over what waits, slots and declarations */
	bool is_restored;
	bool is_stop_wanted;  /* by a signal while starting */
	bool is_handing_over; /* slots are left for a successor */
	struct watch watch;
	struct sinks sinks;
	struct probations probations;
	struct service service;
	struct peer_policy policy;
	struct conn_set conns;
	struct listener listener;
	struct notify notify;
	struct pump pump;
};

static void on_stop_step(uv_timer_t *timer);

static void on_handed_up(void *userdata)
{
	struct agent *agent = userdata;

	sinks_flush(&agent->sinks);
}

static void on_slot_started(struct slot_entry *entry, void *userdata)
{
	struct agent *agent = userdata;

	service_note_slot(&agent->service, entry->name, true);
	rejoin_begin(&agent->rejoin, entry);
	watch_announce(&agent->watch, entry);
	watch_count_listeners(&agent->watch, entry);
}

static void on_listeners_are_back(struct slot_entry *entry, void *userdata)
{
	struct agent *agent = userdata;

	watch_count_listeners(&agent->watch, entry);
}

static void on_committed(void *userdata)
{
	struct agent *agent = userdata;

	EUB_LIST_FOREACH (entry, &agent->slots.entries, struct slot_entry, link)
		slot_swap_note_committed(entry);
}

/* What could be written, was: the sinks' counts are as good as they get before the loop sleeps. */
static void on_flushed(void *userdata)
{
	struct agent *agent = userdata;

	delivery_advance(&agent->delivery);
}

/* Known event types are told again, which changes nothing for who knows them. */
static void on_slot_swapped(struct slot_entry *entry, void *userdata)
{
	struct agent *agent = userdata;

	watch_announce(&agent->watch, entry);
}

static void on_slot_stopped(struct slot_entry *entry, void *userdata)
{
	struct agent *agent = userdata;

	service_note_slot(&agent->service, entry->name, false);
	rejoin_forget(&agent->rejoin, entry);
}

static void take_stop_step(struct agent *agent, uint64_t in_ms)
{
	(void)uv_timer_start(&agent->stop, on_stop_step, in_ms, 0); /* fails only if closing */
}

/* Something of the whole changed: for the status line, and for a stop that waits for it. */
static void on_changed(void *userdata)
{
	struct agent *agent = userdata;
	const size_t *n = agent->slots.n_phase;

	notify_status(&agent->notify, "%zu slots running, %zu paused, %zu waiting; %zu clients",
		      n[SLOT_PHASE_RUNNING], n[SLOT_PHASE_PAUSED], n[SLOT_PHASE_WAITING],
		      agent->conns.n_conns);
	if (agent->stage == AGENT_STOPPING ||
	    (agent->stage == AGENT_ENDING && agent->conns.n_conns == 0))
		take_stop_step(agent, 0);
}

static void on_connection(uv_stream_t *server, void *userdata)
{
	struct agent *agent = userdata;

	conn_set_accept(&agent->conns, server);
}

/* Slots with a job under way come later: its end is a change. */
static void stop_slots(struct agent *agent)
{
	bool keeps = agent->is_handing_over || agent->config.keep_on_stop;

	EUB_LIST_FOREACH (entry, &agent->slots.entries, struct slot_entry, link)
		if (!entry->is_busy && entry->phase != SLOT_PHASE_STARTING)
			slot_end(entry, slot_end_with_agent(entry, keeps), NULL, NULL);
}

static void end_clients(struct agent *agent)
{
	agent->stage = AGENT_ENDING;
	watch_end(&agent->watch);
	conn_set_end(&agent->conns);
	take_stop_step(agent, agent->conns.n_conns > 0 ? END_GRACE_MS : 0);
}

static void on_stop_step(uv_timer_t *timer)
{
	struct agent *agent = timer->data;

	if (agent->stage == AGENT_ENDING) {
		conn_set_close(&agent->conns);
		uv_stop(&agent->loop);
		return;
	}
	stop_slots(agent);
	if (slots_are_gone(&agent->slots) && agent->jobs.n_running == 0)
		end_clients(agent);
}

static void begin_stop(struct agent *agent)
{
	agent->stage = AGENT_STOPPING;
	rejoin_done(&agent->rejoin);
	agent->launcher.is_stopping = true;
	service_begin_stop(&agent->service);
	notify_stopping(&agent->notify);
	listener_close(&agent->listener);
	job_pool_set_max_patient(&agent->jobs, JOB_THREADS); /* no start will come */
	conn_set_shutdown(&agent->conns);
	take_stop_step(agent, 0);
}

static void on_stop_signal(uv_signal_t *handle, int signum)
{
	struct agent *agent = handle->data;

	if (agent->stage <= AGENT_SERVING)
		agent->is_handing_over = signum == HAND_OVER_SIGNAL;
	if (agent->stage == AGENT_STARTING) {
		agent->is_stop_wanted = true;
		return;
	}
	if (agent->stage == AGENT_SERVING) {
		log_info(&agent->log, "got signal %d, stopping%s", signum,
			 agent->is_handing_over ? " and leaving slots to the next start" : "");
		begin_stop(agent);
		return;
	}
	log_done(&agent->log); /* what follows must be out before the process ends */
	log_warning(&agent->log, "got a second signal while stopping, continuing without order");
	_exit(EXIT_FAILURE);
}

static void on_config_warning(void *userdata, const char *line)
{
	struct agent *agent = userdata;

	log_write(&agent->log, LOG_LEVEL_WARNING, LOG_ID_CONFIG_IGNORED, NULL, 0, "%s", line);
}

static int load_config(struct agent *agent, struct config *config, struct eun_error *err)
{
	return options_configure(agent->options, on_config_warning, agent, config, err);
}

/* Takes over what may change while running; says what may not. */
static void adopt_config(struct agent *agent, struct config *fresh)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_get_key(i)); i++) {
		if (config_is_equal(&agent->config, fresh, key))
			continue;
		if (key->is_reloadable)
			config_swap(&agent->config, fresh, key);
		else
			log_write(&agent->log, LOG_LEVEL_WARNING, LOG_ID_CONFIG_IGNORED, NULL, 0,
				  "%s= changes at the next start only, ignoring it until then",
				  key->name);
	}
	agent->log.level = (enum log_level)agent->config.log_level;
	agent->slots.keep_generations = (uint32_t)agent->config.keep_generations;
	agent->slots.max_ring_bytes = (uint32_t)agent->config.max_ring_bytes;
	sink_journal_configure(agent->journal, &agent->config);
	peer_policy_init(&agent->policy, &agent->config);
}

static void on_reload_signal(uv_signal_t *handle, int signum EUB_UNUSED)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct agent *agent = handle->data;
	struct config fresh;

	if (agent->stage != AGENT_SERVING)
		return;
	notify_reloading(&agent->notify);
	if (load_config(agent, &fresh, &err) < 0) {
		log_err(&agent->log, "cannot reload, keeping the settings: %s", err.message);
	} else {
		adopt_config(agent, &fresh);
		config_done(&fresh);
		log_write(&agent->log, LOG_LEVEL_NOTICE, LOG_ID_AGENT_RELOADED, NULL, 0,
			  "configuration reloaded");
	}
	later_reset(&agent->later);
	agent->is_retry = false;
	restore_retry(&agent->restore);
}

/* The last step of a start and of a reload. */
static void on_declared(void *userdata)
{
	struct agent *agent = userdata;

	agent->is_restored = true;
	if (agent->stage == AGENT_SERVING)
		notify_ready(&agent->notify);
}

static void on_restored(void *userdata)
{
	struct agent *agent = userdata;

	if (agent->is_retry)
		declare_retry(&agent->declare);
	else
		declare_begin(&agent->declare);
}

/* What some slots wait for may be there. */
static void on_later(void *userdata)
{
	struct agent *agent = userdata;

	if (agent->stage == AGENT_STARTING)
		later_note(&agent->later);
	if (agent->stage != AGENT_SERVING)
		return;
	agent->is_retry = true;
	restore_retry(&agent->restore);
}

static int watch_signal(struct agent *agent, uv_signal_t *handle, uv_signal_cb cb, int signum)
{
	int r = uv_signal_init(&agent->loop, handle);

	if (r < 0)
		return r;
	handle->data = agent;
	return uv_signal_start(handle, cb, signum);
}

static int init_engine(struct agent *agent, struct eun_error *err)
{
	const struct eun_engine_options options = {
		.size = sizeof(options),
		.on_event = sinks_on_event,
		.on_lost = sinks_on_lost,
		.userdata = &agent->sinks,
		.max_slots = (uint32_t)agent->config.max_slots,
	};

	return eun_engine_new(&options, &agent->engine, err);
}

static int init_slots(struct agent *agent)
{
	int r;

	r = later_init(&agent->later, &agent->loop);
	if (r < 0)
		return r;
	job_pool_init(&agent->jobs, &agent->loop);
	agent->jobs.on_idle = on_changed;
	agent->jobs.userdata = agent;
	r = delivery_init(&agent->delivery, &agent->loop, agent->engine);
	if (r < 0)
		return r;
	agent->delivery.on_committed = on_committed;
	agent->delivery.userdata = agent;
	agent->rejoin.on_released = on_listeners_are_back;
	agent->rejoin.userdata = agent;
	r = rejoin_init(&agent->rejoin, &agent->loop);
	if (r < 0)
		return r;
	r = sink_journal_new(&agent->loop, agent->queue, &agent->config, &agent->journal);
	if (r < 0)
		return r;
	sink_journal_deliver(agent->journal, &agent->delivery);
	slots_init(&agent->slots, agent->engine, &agent->jobs, agent->journal, &agent->log);
	agent->slots.max_slots = agent->config.max_slots;
	agent->slots.keep_generations = (uint32_t)agent->config.keep_generations;
	agent->slots.max_ring_bytes = (uint32_t)agent->config.max_ring_bytes;
	agent->slots.listener = (struct slots_listener){ .on_started = on_slot_started,
							 .on_stopped = on_slot_stopped,
							 .on_swapped = on_slot_swapped,
							 .on_changed = on_changed,
							 .on_drained = on_handed_up,
							 .userdata = agent };
	watch_init(&agent->watch, &agent->slots, &agent->config, &agent->log);
	agent->sinks = (struct sinks){ .pump = &agent->pump,
				       .watch = &agent->watch,
				       .journal = agent->journal };
	agent->watch.delivery = &agent->delivery;
	agent->watch.rejoin = &agent->rejoin;
	agent->pump = (struct pump){ .engine = agent->engine,
				     .config = &agent->config,
				     .on_turn = on_handed_up,
				     .userdata = agent };
	return pump_init(&agent->pump, &agent->loop);
}

static void init_launcher(struct agent *agent)
{
	agent->slots.keep = &agent->keep;
	agent->launcher = (struct launcher){ .engine = agent->engine,
					     .slots = &agent->slots,
					     .jobs = &agent->jobs,
					     .keep = &agent->keep };
	agent->later.on_retry = on_later;
	agent->later.userdata = agent;
	agent->restore = (struct restore){ .launcher = &agent->launcher,
					   .log = &agent->log,
					   .later = &agent->later,
					   .on_done = on_restored,
					   .userdata = agent };
	agent->declare = (struct declare){ .launcher = &agent->launcher,
					   .config = &agent->config,
					   .log = &agent->log,
					   .later = &agent->later,
					   .on_done = on_declared,
					   .userdata = agent };
}

/* Nothing but the jobs goes on meanwhile. */
static void restore_slots(struct agent *agent)
{
	restore_begin(&agent->restore);
	while (!agent->is_restored)
		(void)uv_run(&agent->loop, UV_RUN_ONCE); /* handles are left: it is never 0 */
}

static int init_service(struct agent *agent)
{
	int r;

	agent->service = (struct service){ .engine = agent->engine,
					   .slots = &agent->slots,
					   .watch = &agent->watch,
					   .jobs = &agent->jobs,
					   .launcher = &agent->launcher,
					   .probations = &agent->probations,
					   .config = &agent->config,
					   .unmet = &agent->declare.unmet,
					   .log = &agent->log };
	agent->probations = (struct probations){ .slots = &agent->slots, .log = &agent->log };
	r = probations_init(&agent->probations, &agent->loop);
	return r < 0 ? r : service_init(&agent->service, &agent->loop);
}

static int init_clients(struct agent *agent, struct eun_error *err)
{
	int r;

	peer_policy_init(&agent->policy, &agent->config);
	if (agent->policy.control_gid == (gid_t)-1 && agent->config.socket_group[0])
		log_info(&agent->log, "there is no group '%s': only root can connect",
			 agent->config.socket_group);
	r = conn_set_init(&agent->conns, &agent->loop, &agent->service.server, &agent->config,
			  &agent->policy, &agent->log);
	if (r < 0)
		return r;
	agent->conns.on_changed = on_changed;
	agent->conns.on_flushed = on_flushed;
	agent->conns.userdata = agent;
	return listener_open(&agent->listener, &agent->loop, &agent->config,
			     agent->policy.control_gid, &agent->log, on_connection, agent, err);
}

static int init_loop(struct agent *agent)
{
	int r = uv_loop_init(&agent->loop);

	if (r < 0)
		return r;
	agent->has_loop = true;
	r = uv_timer_init(&agent->loop, &agent->stop);
	if (r < 0)
		return r;
	agent->stop.data = agent;
	r = notify_init(&agent->notify, &agent->loop);
	if (r == 0)
		r = watch_signal(agent, &agent->terminate, on_stop_signal, SIGTERM);
	if (r == 0)
		r = watch_signal(agent, &agent->interrupt, on_stop_signal, SIGINT);
	if (r == 0)
		r = watch_signal(agent, &agent->hand_over, on_stop_signal, HAND_OVER_SIGNAL);
	if (r == 0)
		r = watch_signal(agent, &agent->hangup, on_reload_signal, SIGHUP);
	return r;
}

static int init_parts(struct agent *agent, struct eun_error *err)
{
	int r = load_config(agent, &agent->config, err);

	if (r < 0)
		return r;
	agent->log.level = (enum log_level)agent->config.log_level;
	journal_queue_set_limits(agent->queue, agent->config.journal_queue_bytes,
				 agent->config.journal_queue_events);
	r = keep_open(&agent->keep, &agent->config, &agent->log, err);
	if (r == 0)
		r = init_loop(agent);
	if (r == 0)
		r = init_engine(agent, err);
	if (r == 0)
		r = init_slots(agent);
	if (r == 0)
		r = init_service(agent);
	if (r == 0) {
		init_launcher(agent);
		restore_slots(agent);
		r = init_clients(agent, err);
	}
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL, "%s",
				     strerror(-r)); /* kept as it is if a part said more */
	return 0;
}

/* First of all, with limits of its own until the configuration is read, which is logged too. */
static int init_log(struct agent *agent)
{
	const struct journal_queue_options options = { .max_bytes = LIMIT_JOURNAL_QUEUE_BYTES,
						       .max_entries = LIMIT_JOURNAL_QUEUE_EVENTS,
						       .send = journal_send };
	int r = journal_queue_new(&options, &agent->queue);

	log_init(&agent->log,
		 agent->options->is_log_foreground ? LOG_TARGET_STDERR : LOG_TARGET_AUTO,
		 LOG_LEVEL_INFO, agent->queue);
	return r;
}

/*
 * To standard error: of an entry that comes from a process which has ended meanwhile, the journal
 * does not know the unit. systemctl status shows it as the unit's state as well.
 */
static void tell_failure(struct agent *agent, const struct eun_error *err)
{
	log_done(&agent->log);
	log_err(&agent->log, "cannot start: %s%s%s", err->message, err->hint[0] ? "; " : "",
		err->hint);
	notify_failed(err->code, err->message);
}

int agent_new(const struct options *options, struct agent **ret_agent, struct eun_error *err)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return eub_error_no_memory(err);
	agent->options = options;
	agent->notify.socket = (struct eub_notify_socket)EUB_NOTIFY_SOCKET_INIT;
	r = init_log(agent);
	r = r < 0 ? eub_error_no_memory(err) : init_parts(agent, err);
	if (r < 0) {
		tell_failure(agent, err);
		(void)agent_free(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

void agent_run(struct agent *agent)
{
	log_write(&agent->log, LOG_LEVEL_NOTICE, LOG_ID_AGENT_STARTED, NULL, 0,
		  "eunomiad %s listens at '%s'", eun_version(), agent->config.socket_path);
	agent->stage = AGENT_SERVING;
	notify_ready(&agent->notify);
	info_log_missing(&agent->log);
	on_changed(agent);
	if (agent->is_stop_wanted)
		begin_stop(agent);
	(void)uv_run(&agent->loop, UV_RUN_DEFAULT); /* uv_stop() ended it, handles are left */
	log_write(&agent->log, LOG_LEVEL_NOTICE, LOG_ID_AGENT_STOPPED, NULL, 0, "stopped");
}

static void close_handle(uv_handle_t *handle, void *userdata EUB_UNUSED)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void close_loop(struct agent *agent)
{
	int r;

	if (!agent->has_loop)
		return;
	uv_walk(&agent->loop, close_handle, NULL);
	(void)uv_run(&agent->loop, UV_RUN_DEFAULT); /* runs the close callbacks */
	r = uv_loop_close(&agent->loop);
	assert(r == 0); /* every handle is closed, no job is left */
}

struct agent *agent_free(struct agent *agent)
{
	if (!agent)
		return NULL;
	listener_close(&agent->listener);
	sink_journal_close(agent->journal);
	rejoin_done(&agent->rejoin);
	close_loop(agent);
	watch_done(&agent->watch);
	probations_done(&agent->probations);
	service_done(&agent->service);
	declare_done(&agent->declare);
	if (agent->slots.engine)
		slots_done(&agent->slots);
	agent->engine = eun_engine_free(agent->engine);
	agent->journal = sink_journal_free(agent->journal);
	keep_close(&agent->keep);
	notify_done(&agent->notify);
	config_done(&agent->config);
	log_done(&agent->log);
	agent->queue = journal_queue_free(agent->queue, JOURNAL_PATIENCE_MS);
	free(agent);
	return NULL;
}
