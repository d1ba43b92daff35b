/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets as operators and clients give them, one a line, for programs of each kind that needs one.
 * What is understood must be written so that it is understood the same again: the text is part of a
 * gate's key, over restarts.
 */
#include "fuzz.h"

#include "base/macro.h"
#include "object/target.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define GIVEN_MAX 8

static const char *const sections[] = { "xdp", "tc", "tc/egress", "tcx/ingress", "sockops" };

/* Return: as eun__target_find() for the program "p". */
static int find(const char *const *given, size_t n_given, const char *section,
		struct eun__target *ret_target)
{
	const struct eun_slot_options options = { .size = sizeof(options),
						  .attach = given,
						  .n_attach = n_given };
	struct eun_error err = EUN_ERROR_INIT;
	int r = eun__target_find(&options, "p", section, eun__attach_kind_find(section), ret_target,
				 &err);

	assert((r < 0) == (err.code < 0));
	eun_error_done(&err);
	return r;
}

static char *to_string(const struct eun__target *target)
{
	int n = eun__target_to_string(target, NULL, 0);
	char *text = malloc((size_t)n + 1);

	assert(text && eun__target_to_string(target, text, (size_t)n + 1) == n);
	return text;
}

static void check(const char *const *given, size_t n_given, const char *section)
{
	struct eun__target target = EUN__TARGET_INIT;
	struct eun__target again = EUN__TARGET_INIT;
	char *text;
	char *text_again;

	if (find(given, n_given, section, &target) <= 0)
		return;
	text = to_string(&target);
	assert(find((const char *const *)&text, 1, section, &again) == 1);
	text_again = to_string(&again);
	assert(strcmp(text, text_again) == 0);
	free(text_again);
	free(text);
	eun__target_done(&again);
	eun__target_done(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *given[GIVEN_MAX];
	char *text = malloc(size + 1);
	char *rest = text;
	size_t n = 0;

	assert(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	while (rest && n < GIVEN_MAX)
		given[n++] = strsep(&rest, "\n");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(sections); i++)
		check(given, n, sections[i]);
	free(text);
	return 0;
}
