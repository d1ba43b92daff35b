/* SPDX-License-Identifier: Apache-2.0 */
/* See account.h: sums and names, no state. */
#include "account.h"

#include "base/macro.h"

#include <assert.h>
#include <stddef.h>

static const char *const names[] = {
	[ACCOUNT_BUDGET] = "budget",	       [ACCOUNT_RATE_LIMIT] = "rate-limit",
	[ACCOUNT_QUEUE_FULL] = "queue-full",   [ACCOUNT_REFUSED] = "refused",
	[ACCOUNT_SLOW_CLIENT] = "slow-client", [ACCOUNT_TOO_LARGE] = "too-large",
	[ACCOUNT_NO_MEMORY] = "no-memory",
};
static_assert(EUB_ARRAY_SIZE(names) == _ACCOUNT_REASON_MAX, "one name per reason");

const char *account_reason_to_string(enum account_reason reason)
{
	return names[reason];
}

uint64_t account_get_lost(const struct account *account)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < _ACCOUNT_REASON_MAX; i++)
		sum += account->lost[i];
	return sum;
}
