/* SPDX-License-Identifier: Apache-2.0 */
/* The last look of a script is repeated. */
#include "fake_follow.h"

#include "base/macro.h"
#include "base/str.h"

enum fake_look fake_follow_look(const char *name, size_t *step)
{
	static const struct {
		const char *name;
		enum fake_look looks[6]; /* ends with FAKE_LOOK_NONE */
	} scripts[] = {
		{ "stops",
		  { FAKE_LOOK_RUNNING, FAKE_LOOK_RUNNING, FAKE_LOOK_PAUSED, FAKE_LOOK_GONE } },
		{ "aside", { FAKE_LOOK_OLD, FAKE_LOOK_GONE } },
		{ "lost", { FAKE_LOOK_OLD, FAKE_LOOK_GONE } },
		{ "again", { FAKE_LOOK_OLD, FAKE_LOOK_GONE, FAKE_LOOK_RUNNING, FAKE_LOOK_GONE } },
		{ "fresh",
		  { FAKE_LOOK_GONE, FAKE_LOOK_BUSY, FAKE_LOOK_WAITING, FAKE_LOOK_RUNNING,
		    FAKE_LOOK_GONE } },
		{ "drops",
		  { FAKE_LOOK_RUNNING, FAKE_LOOK_DROP, FAKE_LOOK_DROP, FAKE_LOOK_PAUSED,
		    FAKE_LOOK_GONE } },
		{ "ends", { FAKE_LOOK_RUNNING, FAKE_LOOK_TERM } },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(scripts); i++) {
		if (!eub_streq(scripts[i].name, name))
			continue;
		if (scripts[i].looks[*step + 1] == FAKE_LOOK_NONE)
			return scripts[i].looks[*step];
		return scripts[i].looks[(*step)++];
	}
	return FAKE_LOOK_NONE;
}
