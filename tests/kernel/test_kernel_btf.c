/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reduced kernel BTF must be as good as the whole one: the same object, relocated by libbpf
 * with either, must come out instruction by instruction the same. And what it says is compared with
 * what bpftool's way of asking (the whole BTF by libbpf) says of the same types.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "object/core_relo.h"
#include "object/kernel_btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static int no_print(enum libbpf_print_level level EUB_UNUSED, const char *format EUB_UNUSED,
		    va_list args EUB_UNUSED)
{
	return 0;
}

static void read_roots(struct eun__core_roots *roots)
{
	struct btf_ext *ext = NULL;
	struct btf *btf = btf__parse_elf(CORE_OBJECT, &ext);
	const void *data;
	uint32_t size;

	assert_non_null(btf);
	assert_non_null(ext);
	data = btf_ext__get_raw_data(ext, &size);
	assert_int_equal(eun__core_roots_read(btf, data, size, roots, NULL), 0);
	btf_ext__free(ext);
	btf__free(btf);
}

static struct bpf_object *load_with(const char *btf_path)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = btf_path);
	struct bpf_object *object = bpf_object__open_file(CORE_OBJECT, &options);

	assert_non_null(object);
	assert_int_equal(bpf_object__load(object), 0);
	return object;
}

static void test_roots(void **state EUB_UNUSED)
{
	static const struct {
		const char *name;
		uint32_t kind;
	} expected[] = {
		{ "no_such_struct", BTF_KIND_STRUCT }, { "pid_type", BTF_KIND_ENUM },
		{ "sock", BTF_KIND_STRUCT },	       { "sock_common", BTF_KIND_STRUCT },
		{ "task_struct", BTF_KIND_STRUCT },
	};
	struct eun__core_roots roots;

	read_roots(&roots);
	assert_false(roots.needs_everything);
	assert_int_equal(roots.n_items, EUB_ARRAY_SIZE(expected));
	for (size_t i = 0; i < roots.n_items; i++) {
		assert_string_equal(roots.items[i].name, expected[i].name);
		assert_int_equal(roots.items[i].kind, expected[i].kind);
	}
	eun__core_roots_done(&roots);
}

static void test_same_instructions(void **state EUB_UNUSED)
{
	struct eun__kernel_btf *kernel = NULL;
	struct eun__core_roots roots;
	struct bpf_object *whole;
	struct bpf_object *reduced;
	struct bpf_program *a;
	struct bpf_program *b;
	struct stat st;
	char path[64];
	int fd = -1;

	read_roots(&roots);
	assert_int_equal(eun__kernel_btf_new(NULL, &kernel), 0);
	assert_int_equal(eun__kernel_btf_reduce(kernel, &roots, &fd, NULL), 0);
	assert_int_equal(fstat(fd, &st), 0);
	print_message("reduced to %ld bytes\n", (long)st.st_size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	whole = load_with(NULL);
	reduced = load_with(path);
	a = bpf_object__find_program_by_name(whole, "relocations");
	b = bpf_object__find_program_by_name(reduced, "relocations");
	assert_int_equal(bpf_program__insn_cnt(a), bpf_program__insn_cnt(b));
	for (size_t i = 0; i < bpf_program__insn_cnt(a); i++) {
		const struct bpf_insn *x = &bpf_program__insns(a)[i];
		const struct bpf_insn *y = &bpf_program__insns(b)[i];

		/* Descriptors of maps differ between two loads of one object. */
		if (x->code == (BPF_LD | BPF_DW | BPF_IMM) && x->src_reg != 0)
			continue;
		if (memcmp(x, y, sizeof(*x)) != 0)
			fail_msg("instruction %zu: imm %d with the whole BTF, %d with the reduced",
				 i, x->imm, y->imm);
	}
	bpf_object__close(whole);
	bpf_object__close(reduced);
	(void)close(fd);
	eun__core_roots_done(&roots);
	eun__kernel_btf_free(kernel);
}

static void test_cache_survives_trim(void **state EUB_UNUSED)
{
	struct eun__kernel_btf *kernel = NULL;
	struct eun__core_roots roots;
	struct stat first;
	struct stat second;
	int fds[2];

	read_roots(&roots);
	assert_int_equal(eun__kernel_btf_new(NULL, &kernel), 0);
	assert_int_equal(eun__kernel_btf_reduce(kernel, &roots, &fds[0], NULL), 0);
	eun__kernel_btf_trim(kernel);
	assert_int_equal(eun__kernel_btf_reduce(kernel, &roots, &fds[1], NULL), 0);
	assert_int_equal(fstat(fds[0], &first), 0);
	assert_int_equal(fstat(fds[1], &second), 0);
	assert_int_equal(first.st_size, second.st_size);
	assert_true(first.st_ino != second.st_ino);
	(void)close(fds[0]);
	(void)close(fds[1]);
	eun__core_roots_done(&roots);
	eun__kernel_btf_free(kernel);
}

static void count_names(const char *name, void *userdata)
{
	if (eub_streq(name, "task_struct"))
		++*(unsigned int *)userdata;
}

static void test_each_name(void **state EUB_UNUSED)
{
	struct eun__kernel_btf *kernel = NULL;
	unsigned int n = 0;

	assert_int_equal(eun__kernel_btf_new(NULL, &kernel), 0);
	assert_int_equal(eun__kernel_btf_each_name(kernel, BTF_KIND_STRUCT, count_names, &n, NULL),
			 0);
	assert_int_equal(n, 1);
	eun__kernel_btf_free(kernel);
}

static void expect_unreadable(const char *path)
{
	struct eun__kernel_btf *kernel = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	struct eun__core_roots roots;
	int fd = -1;

	read_roots(&roots);
	assert_int_equal(eun__kernel_btf_new(path, &kernel), 0);
	assert_true(eun__kernel_btf_reduce(kernel, &roots, &fd, &err) < 0);
	assert_int_equal(err.reason, EUN_REASON_NO_KERNEL_BTF);
	assert_non_null(strstr(err.message, path));
	assert_true(err.hint[0]);
	eun_error_done(&err);
	eun__core_roots_done(&roots);
	eun__kernel_btf_free(kernel);
}

static void test_missing_and_damaged(void **state EUB_UNUSED)
{
	char path[] = "/tmp/eunomia-test-btf.XXXXXX";
	struct eub_buf bytes = EUB_BUF_INIT;
	int fd = mkstemp(path);

	expect_unreadable("/nonexistent/btf");
	assert_true(fd >= 0);
	expect_unreadable(path); /* empty */
	assert_int_equal(eub_read_file(KERNEL_BTF, 64u << 20, &bytes), 0);
	/* Cut in the types, in the strings, in the header. */
	for (size_t n = bytes.len - 1; n > 16; n /= 3) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(eub_write_all(fd, bytes.data, n), 0);
		expect_unreadable(path);
	}
	eub_buf_done(&bytes);
	(void)close(fd);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_same_instructions),
		cmocka_unit_test(test_cache_survives_trim),
		cmocka_unit_test(test_each_name),
		cmocka_unit_test(test_missing_and_damaged),
	};

	if (geteuid() != 0 || access(KERNEL_BTF, R_OK) < 0) {
		(void)fprintf(stderr, "skipped: needs root and a kernel with BTF\n");
		return 77;
	}
	(void)libbpf_set_print(no_print);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
