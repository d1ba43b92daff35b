/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl follow: stays while a slot runs, and fails when it ends; so a slot can be a service,
 * with dependencies, a status and a way to be told of its end. systemd hears READY=1 and a status
 * line; without it the lines go to standard output.
 *
 * It asks for the slot again and again, by a connection of its own each time, and sleeps in between
 * without a wake-up. A stream of events would tell of nothing but events, all of them; and a
 * connection that is held would count against MaxConnectionsPerUser= for every slot that is a
 * service. So the end of a slot is noticed within an interval, at the price of one small call, and
 * a restart of the agent that the slot survives is not noticed at all, unless it falls on a look.
 *
 * Which agent process had the slot is remembered by the time it started: a slot that is gone was
 * stopped by somebody if that one is still there, and did not survive the restart if it is not.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/notify_socket.h"
#include "base/str.h"
#include "client.h"
#include "cmd_slot.h"
#include "ctl_limits.h"
#include "notify.h"
#include "reconnect.h"
#include "stop_signal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define NS_PER_MS 1000000u

const struct option_row cmd_follow_options[] = {
	{ "start", 0, OPTION_FLAG, OPTION_OFFSET(is_starting), NULL, COMPLETE_NOTHING,
	  "start the installed tracker NAME if there is no such slot" },
	{ "stop", 0, OPTION_FLAG, OPTION_OFFSET(is_stopping), NULL, COMPLETE_NOTHING,
	  "stop the slot at the end by SIGTERM or SIGINT" },
	{ "interval", 0, OPTION_DURATION, OPTION_OFFSET(interval_ms), "SECONDS", COMPLETE_NOTHING,
	  "time between two looks at the slot (5)" },
	{ 0 },
};

struct follow {
	struct ctl *ctl;
	const char *name;
	struct reconnect reconnect;
	uint64_t agent_started_ns; /* of the agent that had the slot, Unix time; 0: none had it */
	uint64_t wait_ms;	   /* until the next look */
	bool is_service;	   /* a service manager listens */
	bool is_ready;		   /* it ran, and the service manager was told */
	char *told;		   /* the state that was told last, owned; NULL: none was */
};

/* Appends 1234567 as "1,234,567". */
static void append_grouped(struct eub_buf *buf, uint64_t value)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, value);

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			eub_buf_append_char(buf, ',');
		eub_buf_append_char(buf, digits[i]);
	}
}

/* "running, generation 2, 1,234 events, 0 lost"; free() it; NULL if there is no memory. One line:
 * in a message to the service manager, the next would be another variable. */
static char *describe(const Eunomia__V1__Slot *slot)
{
	const Eunomia__V1__SlotStats *stats = slot_get_stats(slot);
	struct eub_buf buf = EUB_BUF_INIT;

	eub_buf_append_str(&buf, slot_state_to_string(slot->state));
	if (*slot->waits_for) {
		eub_buf_append_str(&buf, ": ");
		eub_append_printable(&buf, slot->waits_for, strlen(slot->waits_for));
		return eub_buf_take_string(&buf);
	}
	eub_buf_printf(&buf, ", generation %" PRIu32 ", ", slot->generation);
	append_grouped(&buf, stats->events);
	eub_buf_append_str(&buf, " events, ");
	append_grouped(&buf, stats->lost);
	eub_buf_append_str(&buf, " lost");
	return eub_buf_take_string(&buf);
}

static int print_state(const struct follow *follow, const char *state, struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf line = EUB_BUF_INIT;

	eub_append_printable(&line, follow->name, strlen(follow->name));
	eub_buf_printf(&line, ": %s\n", state);
	return line.has_failed ? eub_error_no_memory(err) : output_write(line.data, line.len, err);
}

static void tell_manager(struct follow *follow, Eunomia__V1__SlotState state, const char *text)
{
	bool was_ready = follow->is_ready;

	/* A slot that only waits for its target is no service that is up. */
	follow->is_ready |= state == EUNOMIA__V1__SLOT_STATE__SLOT_STATE_RUNNING ||
			    state == EUNOMIA__V1__SLOT_STATE__SLOT_STATE_PAUSED;
	notify_send("%sSTATUS=%s", follow->is_ready && !was_ready ? "READY=1\n" : "", text);
}

/* Tells the service manager, or else the user, what is new. Return: 0; -EPIPE, the reader is gone;
 * other -errno. */
static int tell(struct follow *follow, const Eunomia__V1__Slot *slot, struct eun_error *err)
{
	_cleanup_(eub_freep) char *state = describe(slot);

	if (!state)
		return eub_error_no_memory(err);
	if (follow->told && eub_streq(follow->told, state))
		return 0;
	if (follow->is_service)
		tell_manager(follow, slot->state, state);
	free(follow->told);
	follow->told = EUB_TAKE_PTR(state);
	return follow->is_service ? 0 : print_state(follow, follow->told, err);
}

/* What the agent says of itself: eunomia__v1__info_reply__free_unpacked(). */
static int ask_agent(const struct follow *follow, Eunomia__V1__InfoReply **ret_info,
		     struct eun_error *err)
{
	Eunomia__V1__InfoRequest request = EUNOMIA__V1__INFO_REQUEST__INIT;
	ProtobufCMessage *message = NULL;
	int r = client_call(follow->ctl, "/eunomia.v1.Agent/Info", &request.base,
			    &eunomia__v1__info_reply__descriptor, &message, err);

	if (r == 0)
		*ret_info = (Eunomia__V1__InfoReply *)message;
	return r;
}

/* Starts the installed tracker in a slot of its own name. */
static int start(const struct follow *follow, struct eun_error *err)
{
	_cleanup_(eub_freep) char *name = strdup(follow->name);
	Eunomia__V1__StartRequest request;
	Eunomia__V1__SlotReply *reply = NULL;
	int r;

	if (!name)
		return eub_error_no_memory(err);
	eunomia__v1__start_request__init(&request);
	request.tracker = name;
	request.name = name;
	r = slot_call(follow->ctl, "/eunomia.v1.Trackers/Start", &request.base, &reply, err);
	if (r == 0) {
		eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	} else if (err->reason == EUN_REASON_NAME_TAKEN) {
		/* Somebody else was faster: it is followed as it is. */
		eun_error_done(err);
		r = 0;
	}
	return r;
}

/* What this run of the agent set aside of that name; NULL if there is nothing. */
static const Eunomia__V1__SetAside *find_aside(const Eunomia__V1__InfoReply *info, const char *name)
{
	char started[40];
	struct eub_buf text = EUB_BUF_FIXED(started, sizeof(started) - 1);

	eub_append_rfc3339(&text, info->started_unix_ns);
	started[EUB_MIN(text.len, text.cap)] = '\0';
	for (size_t i = 0; i < info->n_set_aside; i++)
		if (eub_streq(info->set_aside[i]->slot, name) &&
		    strcmp(info->set_aside[i]->time, started) >= 0)
			return info->set_aside[i];
	return NULL;
}

/* Return: 0 if another agent came and the slot may be started again; -ENOENT with the reason. */
static int explain_end(const struct follow *follow, const Eunomia__V1__InfoReply *info,
		       struct eun_error *err)
{
	const Eunomia__V1__SetAside *aside = find_aside(info, follow->name);

	if (info->started_unix_ns == follow->agent_started_ns)
		return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND, "the slot was stopped");
	if (aside) {
		(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
				    "the slot was set aside: %s", aside->reason);
		eun_error_set_hint(err, "what was kept of it is in '%s'", aside->folder);
		return -ENOENT;
	}
	if (follow->ctl->options.is_starting)
		return 0;
	(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
			    "the slot did not outlast a restart of the agent");
	eun_error_set_hint(err, "'journalctl -u eunomiad' says why; after 'eunomiactl enable' a "
				"slot comes back");
	return -ENOENT;
}

/* Asks why a slot that was there is there no more. Return: as explain_end() and client_call(). */
static int check_end(const struct follow *follow, struct eun_error *err)
{
	Eunomia__V1__InfoReply *info = NULL;
	int r = ask_agent(follow, &info, err);

	if (r < 0)
		return r;
	assert(info);
	r = explain_end(follow, info, err);
	eunomia__v1__info_reply__free_unpacked(info, NULL);
	return r;
}

/* The slot is not there, as @err says. Return: 0, it runs now; the failure that ends us. */
static int on_missing(struct follow *follow, struct eun_error *err)
{
	int r = 0;

	if (follow->agent_started_ns == 0 && !follow->ctl->options.is_starting)
		return err->code;
	eun_error_done(err);
	if (follow->agent_started_ns > 0)
		r = check_end(follow, err);
	if (r < 0)
		return r;
	follow->agent_started_ns = 0;
	return start(follow, err);
}

static int on_slot(struct follow *follow, const Eunomia__V1__SlotReply *reply,
		   struct eun_error *err)
{
	follow->agent_started_ns = reply->agent_started_unix_ns;
	if (reply->slot->state == EUNOMIA__V1__SLOT_STATE__SLOT_STATE_STOPPED)
		return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND, "the slot has stopped");
	return tell(follow, reply->slot, err);
}

/* One look at the slot. Return: 0, look again after follow->wait_ms; -errno. */
static int look(struct follow *follow, struct eun_error *err)
{
	const struct options *options = &follow->ctl->options;
	Eunomia__V1__SlotReply *reply = NULL;
	int r = slot_call_name(follow->ctl, "/eunomia.v1.Trackers/Get", follow->name, &reply, err);

	follow->wait_ms =
	    options->interval_ms > 0 ? (uint64_t)options->interval_ms : CTL_FOLLOW_INTERVAL_MS;
	if (r < 0 && err->reason == EUN_REASON_BUSY) {
		eun_error_done(err);
		follow->wait_ms = EUB_MIN(follow->wait_ms, (uint64_t)CTL_FOLLOW_STARTING_MS);
		return 0;
	}
	if (r < 0 && err->reason == EUN_REASON_NOT_FOUND) {
		follow->wait_ms = 0;
		return on_missing(follow, err);
	}
	if (r < 0)
		return r;
	r = on_slot(follow, reply, err);
	eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	return r;
}

static void sleep_until_next(const struct follow *follow)
{
	client_close(follow->ctl);
	stop_signal_wait(eub_clock_mono_ns() + follow->wait_ms * NS_PER_MS);
}

/* Return: 0 after a signal; the failure that ends us. */
static int follow_slot(struct follow *follow, struct eun_error *err)
{
	while (!stop_signal_came()) {
		int r = look(follow, err);

		if (r == 0) {
			follow->reconnect.was_connected = true;
			reconnect_set_settled(&follow->reconnect, follow->ctl);
			sleep_until_next(follow);
			continue;
		}
		if (stop_signal_came())
			break;
		if (!reconnect_wait(&follow->reconnect, follow->ctl, UINT64_MAX, err))
			return r;
		eun_error_done(err);
	}
	return 0;
}

/* After a signal. A slot that is gone already is as it should be. */
static int stop(const struct follow *follow, struct eun_error *err)
{
	Eunomia__V1__SlotReply *reply = NULL;
	int r;

	if (!follow->ctl->options.is_stopping)
		return 0;
	r = slot_call_name(follow->ctl, "/eunomia.v1.Trackers/Stop", follow->name, &reply, err);
	if (r == 0) {
		eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	} else if (err->reason == EUN_REASON_NOT_FOUND) {
		eun_error_done(err);
		r = 0;
	}
	return r;
}

enum ctl_exit cmd_follow(struct ctl *ctl)
{
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status = CTL_EXIT_OK; /* also when the reader has gone */
	struct follow follow = {
		.ctl = ctl,
		.name = ctl->arguments.positional.items[0],
		.is_service = eub_notify_is_wanted(),
	};
	int r;

	stop_signal_catch();
	r = follow_slot(&follow, &err);
	if (r == 0) {
		notify_send("STOPPING=1");
		r = stop(&follow, &err);
	}
	if (r < 0 && r != -EPIPE)
		status = ctl_fail(ctl, follow.name, &err);
	free(follow.told);
	eun_error_done(&err);
	return status;
}
