/* SPDX-License-Identifier: Apache-2.0 */
/* Packages made of real sources by the real clang; the parser reads what was packed. */
#include "build.h"

#include <eunomia/package.h>

#include "base/fd.h"
#include "base/str.h"
#include "capture.h"
#include "process.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char source[] =
    "#include <linux/bpf.h>\n"
    "#include <bpf/bpf_helpers.h>\n"
    "#include \"own.h\"\n"
    "struct event { int pid; char comm[16]; };\n"
    "struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096);\n"
    "\t__type(value, struct event); } events SEC(\".maps\");\n"
    "const volatile int only_pid = OWN_DEFAULT + EXTRA;\n"
    "SEC(\"tracepoint/syscalls/sys_enter_getppid\") int count(void *ctx)\n"
    "{ return only_pid; }\n"
    "char LICENSE[] SEC(\"license\") = \"GPL\";\n";

static void write_file(const char *path, const char *text)
{
	assert_int_equal(eub_write_file_atomic(path, text, strlen(text), 0600), 0);
}

static int set_up(void **state)
{
	char *folder = strdup("/tmp/ctl-build-XXXXXX");
	char *clang;

	if (process_find("clang", &clang) < 0) {
		(void)fprintf(stderr, "SKIP: clang is not installed\n");
		exit(77);
	}
	free(clang);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkdir("src", 0700), 0);
	assert_int_equal(mkdir("tmp", 0700), 0);
	assert_int_equal(setenv("TMPDIR", "tmp", 1), 0);
	write_file("src/mini.bpf.c", source);
	write_file("src/own.h", "#define OWN_DEFAULT 5\n");
	write_file("src/broken.bpf.c", "int broken(\n");
	*state = folder;
	return 0;
}

static bool is_empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	unsigned int n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	(void)closedir(folder);
	return n == 2; /* "." and ".." */
}

static int tear_down(void **state)
{
	static const char *const files[] = { "src/mini.bpf.c", "src/own.h", "src/broken.bpf.c",
					     "mini.json", "out.json" };

	assert_true(is_empty_folder("tmp"));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++)
		assert_int_equal(unlink(files[i]), 0);
	assert_int_equal(rmdir("src"), 0);
	assert_int_equal(rmdir("tmp"), 0);
	assert_true(is_empty_folder("."));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(*state), 0);
	free(*state);
	return 0;
}

static void check_package(const char *path, const char *name)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package_event_type type;
	size_t size = 0;

	if (eun_package_read(path, &package, &err) < 0)
		fail_msg("%s: %s", path, err.message);
	assert_int_equal(eun_package_get_format(package), EUN_PACKAGE_GEN3);
	assert_string_equal(eun_package_get_name(package), name);
	assert_non_null(eun_package_get_object(package, &size));
	assert_in_range(size, 500, 8000); /* without DWARF */
	assert_string_equal(eun_package_get_program(package, 0)->name, "count");
	assert_string_equal(eun_package_get_variable(package, 0)->name, "only_pid");
	assert_true(eun_package_get_event_type(package, 0, &type));
	assert_string_equal(type.name, "event");
	assert_int_equal(type.size, 20);
	assert_false(eun_package_get_event_type(package, 1, &type));
	(void)eun_package_free(package);
}

static void test_build(void **state)
{
	struct captured c = CAPTURE("build", "src/mini.bpf.c", "--cflags", " -DEXTRA=1  -Wall ");

	(void)state;
	if (c.status != CTL_EXIT_OK)
		fail_msg("%s", c.err);
	assert_string_equal(c.out, "mini.json\n");
	captured_done(&c);
	check_package("mini.json", "mini");
	c = CAPTURE("build", "-q", "src/mini.bpf.c", "-o", "out.json", "--name", "other",
		    "--cflags", "-DEXTRA=1", "--clang", "clang");
	assert_int_equal(c.status, CTL_EXIT_OK);
	assert_string_equal(c.out, "");
	captured_done(&c);
	check_package("out.json", "other");
	c = CAPTURE("inspect", "mini.json", "-o", "jsonl");
	assert_non_null(strstr(c.out, "\"event_types\":[{\"type\":\"event\",\"size\":20}]"));
	assert_non_null(strstr(c.out, "\"section\":\"tracepoint/syscalls/sys_enter_getppid\""));
	captured_done(&c);
	c = CAPTURE("inspect", "mini.json");
	assert_non_null(strstr(c.out, "\nEVENT TYPE  BYTES\nevent          20\n"));
	captured_done(&c);
}

static void test_failures(void **state)
{
	static const struct {
		const char *words[6];
		enum ctl_exit status;
		const char *err; /* part of it */
	} cases[] = {
		{ { "src/broken.bpf.c" }, CTL_EXIT_FAILED, "clang refused it with exit status 1" },
		{ { "src/missing.bpf.c" }, CTL_EXIT_FAILED, "cannot read the source" },
		{ { "src/mini.bpf.c", "--clang", "no-such-clang" },
		  CTL_EXIT_FAILED,
		  "there is no program 'no-such-clang'\n  hint: install clang" },
		{ { "src/mini.bpf.c", "--name", "a/b" }, CTL_EXIT_USAGE, "cannot be the name" },
		{ { "src/mini.bpf.c", "--cflags", "-DEXTRA=1", "-o", "no/such/folder.json" },
		  CTL_EXIT_FAILED,
		  "cannot write 'no/such/folder.json'" },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		const char *words[8] = { "build" };
		struct captured c;

		memcpy(words + 1, cases[i].words, sizeof(cases[i].words));
		c = capture_ctl(words);
		if (c.status != cases[i].status || !strstr(c.err, cases[i].err))
			fail_msg("case %zu: %d, '%s'", i, (int)c.status, c.err);
		assert_true(is_empty_folder("tmp"));
		captured_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
