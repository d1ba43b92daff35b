/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal sink: event -> entry -> bounded queue -> journald. What a slot's rate limit or the
 * queue leaves out is counted, and said once a second in a record of its own while it goes on: the
 * timer for that runs only then, so an idle agent does not wake up.
 */
#include "sink_journal.h"

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
	struct journal_queue *queue;	   /* borrowed */
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
	struct journal_account *account;
	struct rate rate;
	uint64_t n_reported; /* of account->n_dropped, said in a summary */
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

/* Says what was left out since the last time; the summary itself is not rate-limited. */
static void report_slot(struct journal_slot *slot)
{
	struct eub_buf *entry = &slot->sink->entry;
	uint64_t n_dropped = atomic_load(&slot->account->n_dropped);
	uint64_t n = n_dropped - slot->n_reported;
	char text[256];

	if (n == 0 || slot->sink->is_closed)
		return;
	eub_buf_clear(entry);
	eub_buf_append(entry, slot->head.data, slot->head.len);
	(void)snprintf(text, sizeof(text),
		       "%llu events of slot '%s' were left out of the journal (at most %llu a "
		       "second: JournalRateLimit=)",
		       (unsigned long long)n, slot->name,
		       (unsigned long long)slot->sink->rate_limit);
	journal_append_str(entry, "MESSAGE", text);
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

void sink_journal_event(struct sink_journal *sink, struct journal_slot *slot,
			const struct journal_schema *schema, const struct eun_event *event)
{
	struct journal_account *account = slot->account;

	if (!sink->is_on)
		return;
	if (rate_allow(&slot->rate, eub_clock_mono_ns())) {
		build_entry(&sink->entry, slot, schema, event);
		if (sink->entry.has_failed)
			atomic_fetch_add(&account->n_dropped, 1);
		else
			(void)journal_queue_push(sink->queue, account, sink->entry.data,
						 sink->entry.len); /* counts what it refuses */
	} else {
		atomic_fetch_add(&account->n_dropped, 1);
	}
	if (atomic_load_explicit(&account->n_dropped, memory_order_relaxed) != slot->n_reported)
		arm_report(sink);
}
