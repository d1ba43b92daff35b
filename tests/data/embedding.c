// SPDX-License-Identifier: Apache-2.0
/* Runs a package and prints its first events: embedding PACKAGE COUNT */
#include <eunomia/engine.h>

#include <stdio.h>
#include <stdlib.h>

static void on_event(struct eun_slot *slot, const struct eun_event *event, void *userdata)
{
	unsigned long *left = userdata;
	char json[4096];
	size_t n = eun_event_format(event, EUN_FORMAT_JSON, json, sizeof(json));

	if (*left == 0 || n > sizeof(json))
		return;
	printf("%s %.*s\n", eun_slot_get_name(slot), (int)n, json);
	(*left)--;
}

int main(int argc, char **argv)
{
	unsigned long left = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct eun_engine_options options = { .size = sizeof(options),
					      .on_event = on_event,
					      .userdata = &left };
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_engine *engine = NULL;
	struct eun_package *package = NULL;
	struct eun_slot *slot = NULL;
	int r = 0;

	if (left == 0 || eun_engine_new(&options, &engine, &err) < 0 ||
	    eun_package_read(argv[1], &package, &err) < 0 ||
	    eun_slot_new(engine, package, NULL, &slot, &err) < 0)
		goto out;
	package = NULL; /* the slot's now */
	if (eun_engine_add(engine, slot, &err) < 0)
		goto out;
	slot = NULL; /* the engine's now */
	while (left > 0 && r >= 0)
		r = eun_engine_poll(engine, -1);
out:
	if (err.code < 0)
		fprintf(stderr, "%s\n%s\n", err.message, err.log ? err.log : err.hint);
	eun_slot_free(slot);
	eun_package_free(package);
	eun_engine_free(engine); /* detaches what it holds */
	eun_error_done(&err);
	return left == 0 && argc == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
}
