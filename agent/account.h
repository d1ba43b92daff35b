/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of the events that a sink was offered:
 *
 *   offered = delivered + filtered + lost (by reason) + those that it still holds
 */
#pragma once

#include <stdint.h>

enum account_reason {
	ACCOUNT_BUDGET,	     /* over what the slot may hand on in a second */
	ACCOUNT_RATE_LIMIT,  /* JournalRateLimit= */
	ACCOUNT_QUEUE_FULL,  /* the journal is slower than the events */
	ACCOUNT_REFUSED,     /* the journal did not take it */
	ACCOUNT_SLOW_CLIENT, /* its stream had no room */
	ACCOUNT_TOO_LARGE,   /* over LIMIT_EVENT_BYTES, LIMIT_JOURNAL_ENTRY_BYTES */
	ACCOUNT_NO_MEMORY,
	_ACCOUNT_REASON_MAX,
};

struct account {
	uint64_t offered;
	uint64_t delivered;
	uint64_t filtered; /* not wanted */
	uint64_t lost[_ACCOUNT_REASON_MAX];
};

/* "budget", "rate-limit", ...: in messages of the wire and in the log. Static. */
const char *account_reason_to_string(enum account_reason reason);
/* Lost for any reason. */
uint64_t account_get_lost(const struct account *account);
