/* SPDX-License-Identifier: Apache-2.0 */
/* Files of trackers.d: their keys, failures by file and line, and what follows for slots. */
#include "declared.h"

#include "agent_limits.h"
#include "agent_test.h"
#include "folder.h"

#include <errno.h>

struct fixture {
	struct test_folder folder;   /* trackers.d */
	struct test_folder trackers; /* installed ones */
	char *package;
	struct declared_set set;
	char changes[512];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	test_folder_make(&f->trackers);
	f->package = test_path(&f->trackers, "opensnoop.json");
	test_write_file(f->package, "{}");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	declared_done(&f->set);
	assert_int_equal(folder_remove(f->folder.path), 0);
	assert_int_equal(folder_remove(f->trackers.path), 0);
	free(f->package);
	free(f);
	return 0;
}

static void declare(struct fixture *f, const char *file, const char *text)
{
	char *path = test_path(&f->folder, file);

	test_write_file(path, text);
	free(path);
}

static void read_all(struct fixture *f)
{
	declared_done(&f->set);
	assert_int_equal(declared_read(f->folder.path, f->trackers.path, &f->set, NULL), 0);
}

static void test_every_key(void **state)
{
	struct fixture *f = *state;
	const struct declared *declared;

	declare(f, "web.conf",
		"# comment\n[Tracker]\nSource=opensnoop\nName=files.1\n"
		"Set=pid=7\nSet=uid=8\nSet=pid=9\nArgs=--pid  5\nArgs=-x\n"
		"Type=event\nAttach=iface=lo,dir=ingress\nRingBytes=65536\n"
		"EventsPerSecond=100\nBytesPerSecond=0x1000\n");
	declare(f, "README", "not a declaration\n");
	declare(f, ".hidden.conf", "neither\n");
	read_all(f);
	assert_int_equal(f->set.n, 1);
	declared = &f->set.items[0];
	assert_int_equal(declared->err.code, 0);
	assert_string_equal(declared->name, "files.1");
	assert_string_equal(declared->spec.package_name, "opensnoop");
	assert_int_equal(declared->spec.package.len, 2);
	assert_int_equal(declared->spec.keys.n, 2);
	assert_string_equal(declared->spec.values.items[0], "9");
	assert_int_equal(declared->spec.args.n, 3);
	assert_string_equal(declared->spec.args.items[1], "5");
	assert_string_equal(declared->spec.args.items[2], "-x");
	assert_string_equal(declared->spec.types.items[0], "event");
	assert_string_equal(declared->spec.attach.items[0], "iface=lo,dir=ingress");
	assert_int_equal(declared->spec.ring_bytes, 65536);
	assert_true(declared->has_budget);
	assert_int_equal(declared->budget.events_per_second, 100);
	assert_int_equal(declared->budget.bytes_per_second, 4096);
	assert_true(declared->fingerprint != 0);
}

static void test_source_is_a_path(void **state)
{
	struct fixture *f = *state;
	char text[256];

	(void)snprintf(text, sizeof(text), "[Tracker]\nSource=%s\n", f->package);
	declare(f, "a-1.conf", text);
	read_all(f);
	assert_int_equal(f->set.items[0].err.code, 0);
	assert_string_equal(f->set.items[0].name, "a-1");
	assert_string_equal(f->set.items[0].spec.package_name, "a-1");
}

static void test_failures_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[Tracker]\nSource=opensnoop\nColour=red\n", ":3: key Colour=" },
		{ "[Tracker]\nSource=../x\n", ":2: Source=" },
		{ "[Tracker]\nSource=opensnoop\nSet=x\n", ":3: 'x' is no setting" },
		{ "[Tracker]\nSource=opensnoop\n\nRingBytes=-1\n", ":4: RingBytes=" },
		{ "[Tracker]\nSource=opensnoop\nRingBytes=4294967296\n", ":3: RingBytes=" },
		{ "[Tracker]\nName=a b\n", ":2: Name=" },
		{ "[Other]\nSource=opensnoop\n", ":2: section [Other]" },
		{ "[Tracker]\nnonsense\n", ":2: neither" },
		{ "[Tracker]\n", "Source= is missing" },
		{ "[Tracker]\nSource=nosuch\n", "nosuch" },
		{ "[Tracker]\nSource=/nonexistent/x.json\n", "/nonexistent/x.json" },
	};
	struct fixture *f = *state;

	declare(f, "z-good.conf", "[Tracker]\nSource=opensnoop\n");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		declare(f, "bad.conf", bad[i].text);
		read_all(f);
		assert_int_equal(f->set.n, 2);
		assert_true(f->set.items[0].err.code < 0);
		assert_non_null(strstr(f->set.items[0].err.message, "/bad.conf"));
		assert_non_null(strstr(f->set.items[0].err.message, bad[i].says));
		assert_int_equal(f->set.items[1].err.code, 0);
	}
}

static void test_names_must_be_valid_and_differ(void **state)
{
	struct fixture *f = *state;

	declare(f, "a b.conf", "[Tracker]\nSource=opensnoop\n");
	declare(f, "one.conf", "[Tracker]\nSource=opensnoop\nName=same\n");
	declare(f, "two.conf", "[Tracker]\nSource=opensnoop\nName=same\n");
	read_all(f);
	assert_non_null(strstr(f->set.items[0].err.message, "Name= is missing"));
	assert_int_equal(f->set.items[1].err.code, 0);
	assert_int_equal(f->set.items[2].err.code, -EEXIST);
	assert_non_null(strstr(f->set.items[2].err.message, "one.conf"));
}

static uint64_t fingerprint_with(struct fixture *f, const char *text)
{
	declare(f, "a.conf", text);
	read_all(f);
	assert_int_equal(f->set.items[0].err.code, 0);
	return f->set.items[0].fingerprint;
}

static void test_fingerprint_follows_file_and_package(void **state)
{
	struct fixture *f = *state;
	uint64_t plain = fingerprint_with(f, "[Tracker]\nSource=opensnoop\n");

	assert_true(fingerprint_with(f, "# words\n[Tracker]\n\nSource=opensnoop\n") == plain);
	assert_true(fingerprint_with(f, "[Tracker]\nSource=opensnoop\nSet=a=1\n") != plain);
	assert_true(fingerprint_with(f, "[Tracker]\nSource=opensnoop\nEventsPerSecond=1\n") !=
		    plain);
	/* No bound is another thing than what the configuration says. */
	assert_true(fingerprint_with(f, "[Tracker]\nSource=opensnoop\nEventsPerSecond=0\n") !=
		    plain);
	test_write_file(f->package, "{ }");
	assert_true(fingerprint_with(f, "[Tracker]\nSource=opensnoop\n") != plain);
}

static void on_change(void *userdata, enum declared_change change, const char *name,
		      struct declared *declared)
{
	static const char *const marks[] = { "+", "~", "-" };
	struct fixture *f = userdata;
	size_t used = strlen(f->changes);

	assert_true((change == DECLARED_REMOVED) == (declared == NULL));
	(void)snprintf(f->changes + used, sizeof(f->changes) - used, "%s%s ", marks[change], name);
}

static void test_diff(void **state)
{
	struct fixture *f = *state;
	struct declared_slot slots[] = {
		{ "same", 0 },	  { "changed", 5 }, { "removed", 6 },
		{ "by-hand", 0 }, { "broken", 7 },  { "mine", 0 },
	};

	declare(f, "added.conf", "[Tracker]\nSource=opensnoop\n");
	declare(f, "broken.conf", "[Tracker]\nSource=\n");
	declare(f, "by-hand.conf", "[Tracker]\nSource=opensnoop\n");
	declare(f, "changed.conf", "[Tracker]\nSource=opensnoop\n");
	declare(f, "same.conf", "[Tracker]\nSource=opensnoop\n");
	read_all(f);
	slots[0].fingerprint = f->set.items[4].fingerprint;
	declared_diff(&f->set, slots, sizeof(slots) / sizeof(slots[0]), on_change, f);
	assert_string_equal(f->changes, "-removed +added ~by-hand ~changed ");
}

/* The name below a mistake counts: its slot must not be taken for one that was removed. */
static void test_bad_file_keeps_its_slot(void **state)
{
	struct fixture *f = *state;
	const struct declared_slot slot = { "other", 5 };

	declare(f, "bad.conf", "[Tracker]\nRingBytes=x\nName=other\n");
	read_all(f);
	assert_true(f->set.items[0].err.code < 0);
	declared_diff(&f->set, &slot, 1, on_change, f);
	assert_string_equal(f->changes, "");
}

static void test_folder(void **state)
{
	struct fixture *f = *state;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(declared_read("/nonexistent", f->trackers.path, &f->set, NULL), 0);
	assert_int_equal(f->set.n, 0);
	assert_int_equal(declared_read(f->package, f->trackers.path, &f->set, &err), -ENOTDIR);
	assert_non_null(strstr(err.message, f->package));
	eun_error_done(&err);
	for (int i = 0; i < LIMIT_DECLARED + 1; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%d.conf", i);
		declare(f, name, "");
	}
	assert_int_equal(declared_read(f->folder.path, f->trackers.path, &f->set, NULL), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_source_is_a_path, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures_name_file_and_line, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_names_must_be_valid_and_differ, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_fingerprint_follows_file_and_package, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_diff, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_file_keeps_its_slot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
