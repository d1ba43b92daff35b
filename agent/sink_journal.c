/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal sink: event -> entry -> bounded queue -> journald. What a slot's limits or the queue
 * leave out is counted by reason, and said once a second in a record of its own while it goes on:
 * the timer for that runs only then, so an idle agent does not wake up.
 */
#include "sink_journal.h"

#include "delivery.h"
#include "journal.h"
#include "journal_queue.h"
#include "agent_limits.h"
#include "log_ids.h"
#include "rate.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/list.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#define FIELD_PREFIX	  "EUNOMIA_EV_"
#define REPORT_EVERY_MS	  1000
#define FORMAT_FIRST_SIZE 512
/* Room is left for the fields that every entry has. Further members are in MESSAGE only. */
#define MAX_MEMBER_FIELDS (JOURNAL_MAX_FIELDS - 16)

struct sink_journal {
	struct journal_queue *queue; /* borrowed */
	struct delivery_sink delivery;
	struct journal_account *summaries; /* summaries that were lost themselves are not events */
	uv_timer_t report; /* one-shot: armed while something was left out and not yet said */
	bool is_on;
	bool is_closed;
	uint64_t rate_limit;
	struct eub_list slots;
	struct eub_buf entry; /* scratch of one entry */
};

struct journal_slot {
	struct eub_list link; /* in sink_journal.slots */
	struct sink_journal *sink;
	struct journal_account *account; /* what the queue and its sender count */
	struct account own;		 /* what is decided here; included in account->n_dropped */
	struct account reported;	 /* said in summaries */
	uint64_t n_reported;		 /* of account->n_dropped */
	struct rate rate;
	struct eub_buf head; /* the fields that every entry of the slot begins with */
	char *name;
};

struct journal_schema {
	size_t n_names;
	char names[][JOURNAL_FIELD_MAX + 1];
};

static void on_report_due(uv_timer_t *timer);

int sink_journal_new(uv_loop_t *loop, struct journal_queue *queue, const struct config *config,
		     struct sink_journal **ret_sink)
{
	struct sink_journal *sink = calloc(1, sizeof(*sink));
	int r;

	if (!sink)
		return -ENOMEM;
	sink->queue = queue;
	eub_list_init(&sink->delivery.link);
	eub_list_init(&sink->slots);
	sink_journal_configure(sink, config);
	r = journal_account_new(&sink->summaries);
	if (r == 0)
		r = uv_timer_init(loop, &sink->report);
	if (r < 0) {
		(void)sink_journal_free(sink);
		return r;
	}
	sink->report.data = sink;
	*ret_sink = sink;
	return 0;
}

static uint64_t get_queued(struct delivery_sink *delivery)
{
	const struct sink_journal *sink = EUB_CONTAINER_OF(delivery, struct sink_journal, delivery);

	return journal_queue_get_n_pushed(sink->queue);
}

static uint64_t get_done(struct delivery_sink *delivery)
{
	const struct sink_journal *sink = EUB_CONTAINER_OF(delivery, struct sink_journal, delivery);

	return journal_queue_get_n_done(sink->queue);
}

void sink_journal_deliver(struct sink_journal *sink, struct delivery *delivery)
{
	sink->delivery.get_given = get_queued;
	sink->delivery.get_taken = get_done;
	delivery_add(delivery, &sink->delivery);
}

void sink_journal_configure(struct sink_journal *sink, const struct config *config)
{
	sink->is_on = config->journal_events;
	sink->rate_limit = config->journal_rate_limit;
	EUB_LIST_FOREACH (slot, &sink->slots, struct journal_slot, link)
		slot->rate.limit = sink->rate_limit;
}

void sink_journal_close(struct sink_journal *sink)
{
	if (!sink || sink->is_closed)
		return;
	on_report_due(&sink->report);
	sink->is_closed = true;
}

struct sink_journal *sink_journal_free(struct sink_journal *sink)
{
	if (!sink)
		return NULL;
	delivery_remove(&sink->delivery);
	sink->summaries = journal_account_unref(sink->summaries);
	eub_buf_done(&sink->entry);
	free(sink);
	return NULL;
}

int journal_slot_new(struct sink_journal *sink, const char *name, const char *tracker,
		     struct journal_slot **ret_slot)
{
	struct journal_slot *slot = calloc(1, sizeof(*slot));
	char identifier[128];

	if (!slot)
		return -ENOMEM;
	eub_list_init(&slot->link);
	slot->name = strdup(name);
	(void)snprintf(identifier, sizeof(identifier), "eunomia/%s", name);
	journal_append_str(&slot->head, "SYSLOG_IDENTIFIER", identifier);
	journal_append_str(&slot->head, "EUNOMIA_SLOT", name);
	journal_append_str(&slot->head, "EUNOMIA_TRACKER", tracker);
	if (!slot->name || slot->head.has_failed || journal_account_new(&slot->account) < 0) {
		slot = journal_slot_free(slot);
		return -ENOMEM;
	}
	slot->sink = sink;
	slot->rate.limit = sink->rate_limit;
	eub_list_append(&sink->slots, &slot->link);
	*ret_slot = slot;
	return 0;
}

/* The losses since the last summary by reason: "rate-limit 7, queue-full 2". */
static void describe_losses(struct journal_slot *slot, char *text, size_t size)
{
	struct eub_buf out = EUB_BUF_FIXED(text, size - 1);
	struct account now;

	journal_slot_get_account(slot, &now);
	for (size_t i = 0; i < _ACCOUNT_REASON_MAX; i++) {
		uint64_t n = now.lost[i] - slot->reported.lost[i];

		if (n > 0)
			eub_buf_printf(&out, "%s%s %llu", out.len > 0 ? ", " : "",
				       account_reason_to_string((enum account_reason)i),
				       (unsigned long long)n);
	}
	text[EUB_MIN(out.len, size - 1)] = '\0';
	slot->reported = now;
}

/* Says what was left out since the last time; the summary itself is not rate-limited. */
static void report_slot(struct journal_slot *slot)
{
	struct eub_buf *entry = &slot->sink->entry;
	uint64_t n_dropped = atomic_load(&slot->account->n_dropped);
	uint64_t n = n_dropped - slot->n_reported;
	char reasons[160];
	char text[320];

	if (n == 0 || slot->sink->is_closed)
		return;
	describe_losses(slot, reasons, sizeof(reasons));
	eub_buf_clear(entry);
	eub_buf_append(entry, slot->head.data, slot->head.len);
	(void)snprintf(text, sizeof(text),
		       "%llu events of slot '%s' were left out of the journal: %s",
		       (unsigned long long)n, slot->name, reasons);
	journal_append_str(entry, "MESSAGE", text);
	journal_append_str(entry, "EUNOMIA_REASON", reasons);
	journal_append_str(entry, "PRIORITY", "4");
	journal_append_str(entry, "MESSAGE_ID", LOG_ID_JOURNAL_LEFT_OUT);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	journal_append_str(entry, "EUNOMIA_DROPPED", text);
	if (!entry->has_failed)
		(void)journal_queue_push(slot->sink->queue, slot->sink->summaries, entry->data,
					 entry->len);
	slot->n_reported = n_dropped;
}

static void on_report_due(uv_timer_t *timer)
{
	struct sink_journal *sink = timer->data;

	EUB_LIST_FOREACH (slot, &sink->slots, struct journal_slot, link)
		report_slot(slot);
}

struct journal_slot *journal_slot_free(struct journal_slot *slot)
{
	if (!slot)
		return NULL;
	if (slot->sink)
		report_slot(slot);
	eub_list_remove(&slot->link);
	slot->account = journal_account_unref(slot->account);
	eub_buf_done(&slot->head);
	free(slot->name);
	free(slot);
	return NULL;
}

uint64_t journal_slot_get_n_dropped(const struct journal_slot *slot)
{
	return atomic_load(&slot->account->n_dropped);
}

void journal_slot_get_account(const struct journal_slot *slot, struct account *ret_account)
{
	*ret_account = slot->own;
	ret_account->delivered = atomic_load(&slot->account->n_sent);
	ret_account->lost[ACCOUNT_REFUSED] = atomic_load(&slot->account->n_refused);
	ret_account->lost[ACCOUNT_QUEUE_FULL] = atomic_load(&slot->account->n_overflow);
}

/* "ret.inner[2]" -> "EUNOMIA_EV_RET_INNER_2_"; cut to what journald takes. */
static void make_field_name(const char *member, char name[static JOURNAL_FIELD_MAX + 1])
{
	size_t n = (size_t)snprintf(name, JOURNAL_FIELD_MAX + 1, FIELD_PREFIX "%s", member);

	n = EUB_MIN(n, (size_t)JOURNAL_FIELD_MAX);
	for (size_t i = sizeof(FIELD_PREFIX) - 1; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c < 0x80 && isalnum(c))
			name[i] = (char)toupper(c);
		else
			name[i] = '_';
	}
}

int journal_schema_new(const struct eun_schema *schema, struct journal_schema **ret_schema)
{
	size_t n = EUB_MIN(eun_schema_get_n_members(schema), (size_t)MAX_MEMBER_FIELDS);
	struct journal_schema *names;

	names = calloc(1, sizeof(*names) + n * sizeof(names->names[0]));
	if (!names)
		return -ENOMEM;
	names->n_names = n;
	for (size_t i = 0; i < n; i++)
		make_field_name(eun_schema_get_member(schema, i)->name, names->names[i]);
	*ret_schema = names;
	return 0;
}

struct journal_schema *journal_schema_free(struct journal_schema *schema)
{
	free(schema);
	return NULL;
}

/* Writes member @i, or the text line if @i is SIZE_MAX, into @buf from its start. */
static size_t format_value(const struct eun_event *event, size_t i, char *buf, size_t size)
{
	if (i == SIZE_MAX)
		return eun_event_format(event, EUN_FORMAT_TEXT, buf, size);
	return eun_event_format_member(event, i, buf, size);
}

static void append_value(struct eub_buf *entry, const char *name, const struct eun_event *event,
			 size_t i)
{
	_cleanup_(eub_freep) char *large = NULL;
	char small[FORMAT_FIRST_SIZE];
	char *value = small;
	size_t n = format_value(event, i, small, sizeof(small));

	if (n > LIMIT_JOURNAL_ENTRY_BYTES) {
		entry->has_failed = true;
		return;
	}
	if (n > sizeof(small)) {
		value = large = malloc(n);
		if (!large) {
			entry->has_failed = true;
			return;
		}
		n = EUB_MIN(n, format_value(event, i, large, n));
	}
	if (n > 0)
		journal_append(entry, name, value, n);
}

static void append_number(struct eub_buf *entry, const char *name, uint64_t value)
{
	char text[24];
	struct eub_buf number = EUB_BUF_FIXED(text, sizeof(text));

	eub_buf_append_u64(&number, value);
	journal_append(entry, name, text, number.len);
}

static void build_entry(struct eub_buf *entry, const struct journal_slot *slot,
			const struct journal_schema *schema, const struct eun_event *event)
{
	eub_buf_clear(entry);
	eub_buf_append(entry, slot->head.data, slot->head.len);
	journal_append_str(entry, "PRIORITY", "6");
	append_number(entry, "EUNOMIA_GENERATION", event->generation);
	append_number(entry, "EUNOMIA_SEQ", event->seq);
	append_value(entry, "MESSAGE", event, SIZE_MAX);
	for (size_t i = 0; i < schema->n_names && !entry->has_failed; i++)
		append_value(entry, schema->names[i], event, i);
	if (entry->len > LIMIT_JOURNAL_ENTRY_BYTES)
		entry->has_failed = true;
}

static void arm_report(struct sink_journal *sink)
{
	if (!sink->is_closed && !uv_is_active((uv_handle_t *)&sink->report))
		(void)uv_timer_start(&sink->report, on_report_due, REPORT_EVERY_MS, 0);
}

static void count_lost(struct journal_slot *slot, enum account_reason reason, uint64_t count)
{
	slot->own.lost[reason] += count;
	atomic_fetch_add(&slot->account->n_dropped, count);
}

static void queue_event(struct sink_journal *sink, struct journal_slot *slot,
			const struct journal_schema *schema, const struct eun_event *event)
{
	int r;

	if (!rate_allow(&slot->rate, eub_clock_mono_ns())) {
		count_lost(slot, ACCOUNT_RATE_LIMIT, 1);
		return;
	}
	build_entry(&sink->entry, slot, schema, event);
	if (sink->entry.has_failed) {
		count_lost(slot, ACCOUNT_TOO_LARGE, 1);
		return;
	}
	r = journal_queue_push(sink->queue, slot->account, sink->entry.data, sink->entry.len);
	if (r < 0) /* it has counted it as dropped */
		slot->own.lost[r == -E2BIG ? ACCOUNT_TOO_LARGE : ACCOUNT_NO_MEMORY]++;
}

static void report_losses(struct journal_slot *slot)
{
	uint64_t n = atomic_load_explicit(&slot->account->n_dropped, memory_order_relaxed);

	if (n != slot->n_reported)
		arm_report(slot->sink);
}

void sink_journal_cut(struct sink_journal *sink, struct journal_slot *slot, uint64_t count)
{
	slot->own.offered += count;
	if (sink->is_on)
		count_lost(slot, ACCOUNT_BUDGET, count);
	else
		slot->own.filtered += count;
	report_losses(slot);
}

void sink_journal_event(struct sink_journal *sink, struct journal_slot *slot,
			const struct journal_schema *schema, const struct eun_event *event)
{
	slot->own.offered++;
	if (!sink->is_on) {
		slot->own.filtered++;
		return;
	}
	queue_event(sink, slot, schema, event);
	report_losses(slot);
}
