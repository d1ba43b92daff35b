/* SPDX-License-Identifier: Apache-2.0 */
/* Folders are removed with all that is in them. */
#include "host_tree.h"

#include "base/fd.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

void host_tree_init(struct host_tree *tree)
{
	(void)snprintf(tree->path, sizeof(tree->path), "/tmp/eunomia-host-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	doctor_init(&tree->doctor);
	tree->doctor.root = tree->path;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void host_tree_done(struct host_tree *tree)
{
	doctor_done(&tree->doctor);
	assert_int_equal(nftw(tree->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void host_tree_make_folder(const struct host_tree *tree, const char *path)
{
	char full[256];

	assert_true(snprintf(full, sizeof(full), "%s%s", tree->path, path) < 256);
	for (char *c = full + strlen(tree->path) + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		(void)mkdir(full, 0755); /* or it is there */
		*c = '/';
	}
	(void)mkdir(full, 0755);
}

void host_tree_write(const struct host_tree *tree, const char *path, const char *text)
{
	char folder[256];
	char full[256];

	assert_true(snprintf(full, sizeof(full), "%s%s", tree->path, path) < 256);
	assert_true(snprintf(folder, sizeof(folder), "%s", path) < 256);
	*strrchr(folder, '/') = '\0';
	if (*folder)
		host_tree_make_folder(tree, folder);
	assert_int_equal(eub_write_file_atomic(full, text, strlen(text), 0644), 0);
}

void host_tree_check(struct host_tree *tree, void (*check)(struct doctor *doctor))
{
	const struct doctor_check one = { "check", check };
	struct doctor kept = tree->doctor;

	doctor_done(&tree->doctor);
	kept.findings = NULL;
	kept.n_findings = 0;
	tree->doctor = kept;
	doctor_run(&tree->doctor, &one, 1);
	assert_false(tree->doctor.has_failed);
}

static void expect_words(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' does not contain '%s'", text, words);
}

void host_tree_expect(const struct host_tree *tree, size_t i, enum doctor_level level,
		      const char *evidence, const char *remedy)
{
	const struct doctor_finding *finding;

	assert_true(i < tree->doctor.n_findings);
	finding = &tree->doctor.findings[i];
	expect_words(finding->evidence, evidence);
	assert_string_equal(doctor_level_to_string(finding->level), doctor_level_to_string(level));
	if (!remedy && finding->remedy)
		fail_msg("unexpected remedy '%s'", finding->remedy);
	if (remedy) {
		assert_non_null(finding->remedy);
		expect_words(finding->remedy, remedy);
	}
}
