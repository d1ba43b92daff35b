/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A build is a row of steps over one struct: choose names, find tools, compile into a private
 * folder, strip, pack, write. Each step fails with words of its own; the folder goes with the
 * build. What the source's annotations say becomes one more step between compiling and packing.
 *
 * DWARF is dropped, since it is 80 % of an object and the kernel never sees it; BTF stays, because
 * "llvm-strip -g" leaves .BTF and .BTF.ext.
 */
#include "build.h"

#include <eunomia/package.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "ctl_limits.h"
#include "process.h"
#include "source.h"

#include <stdio.h>
#include <sys/stat.h>

#if defined(__x86_64__)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_x86"
#elif defined(__aarch64__)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_arm64"
#elif defined(__riscv)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_riscv"
#elif defined(__powerpc64__)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_powerpc"
#elif defined(__s390x__)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_s390"
#elif defined(__loongarch64)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_loongarch"
#elif defined(__arm__)
#define TARGET_ARCH_FLAG "-D__TARGET_ARCH_arm"
#else
#error "this machine's name in libbpf's bpf_tracing.h is not known"
#endif

/* A build under way; strings are owned. */
struct build {
	const struct build_options *options;
	char *name;
	char *out_path;
	char *clang; /* path */
	char *strip; /* path, or NULL if there is none */
	char *folder;
	char *object;
	struct eub_buf image; /* the object's bytes */
};

static void build_done(struct build *build)
{
	/* The folder is ours alone and holds at most the object. */
	if (build->object)
		(void)unlink(build->object);
	if (build->folder)
		(void)rmdir(build->folder);
	free(build->name);
	free(build->out_path);
	free(build->clang);
	free(build->strip);
	free(build->folder);
	free(build->object);
	eub_buf_done(&build->image);
}

static int choose_names(struct build *build, struct eun_error *err)
{
	const struct build_options *options = build->options;

	if (access(options->source, R_OK) < 0)
		return eun_error_set(err, -errno,
				     errno == ENOENT ? EUN_REASON_NOT_FOUND : EUN_REASON_IO,
				     "cannot read the source: %s", strerror(errno));
	build->name = options->name ? strdup(options->name) : source_stem(options->source);
	if (!build->name || !eun_tracker_name_is_valid(build->name)) {
		(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "'%.80s' cannot be the name of a tracker",
				    build->name ? build->name : "");
		eun_error_set_hint(err, "choose one of letters, digits, '_', '.' and '-' with "
					"--name");
		return -EINVAL;
	}
	if (options->out_path)
		build->out_path = strdup(options->out_path);
	else if (asprintf(&build->out_path, "%s.json", build->name) < 0)
		build->out_path = NULL;
	return build->out_path ? 0 : eub_error_no_memory(err);
}

/*
 * Looks for llvm-strip beside the real clang (where distributions keep a whole LLVM), then in PATH
 * with the suffix of clang's name ("clang-14") and without. Finding none is no failure.
 */
static int find_strip(struct build *build, struct eun_error *err)
{
	_cleanup_(eub_freep) char *real = realpath(build->clang, NULL);
	const char *base = strrchr(build->clang, '/');
	const char *suffix = strrchr(base ? base : build->clang, '-');
	char *slash = real ? strrchr(real, '/') : NULL;
	char *candidates[3] = { NULL };
	int r = -ENOENT;

	if (slash && asprintf(&candidates[0], "%.*s/llvm-strip", (int)(slash - real), real) < 0)
		candidates[0] = NULL;
	if (asprintf(&candidates[1], "llvm-strip%s", suffix ? suffix : "") < 0)
		candidates[1] = NULL;
	candidates[2] = strdup("llvm-strip");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(candidates); i++) {
		if (r == -ENOENT && candidates[i])
			r = process_find(candidates[i], &build->strip);
		free(candidates[i]);
	}
	return r == -ENOMEM ? eub_error_no_memory(err) : 0;
}

static int find_tools(struct build *build, struct eun_error *err)
{
	const char *clang = build->options->clang ? build->options->clang : "clang";
	int r = process_find(clang, &build->clang);

	if (r == -ENOMEM)
		return eub_error_no_memory(err);
	if (r < 0) {
		(void)eun_error_set(err, r, EUN_REASON_NOT_FOUND, "there is no program '%.200s'",
				    clang);
		eun_error_set_hint(err, "install clang (Debian: apt install clang llvm), or name "
					"it with --clang PATH");
		return r;
	}
	return find_strip(build, err);
}

static int make_folder(struct build *build, struct eun_error *err)
{
	const char *parent = getenv("TMPDIR");

	if (asprintf(&build->folder, "%s/eunomiactl-XXXXXX", parent && *parent ? parent : "/tmp") <
	    0) {
		build->folder = NULL;
		return eub_error_no_memory(err);
	}
	if (!mkdtemp(build->folder)) {
		int r = eun_error_set(err, -errno, EUN_REASON_IO,
				      "cannot make the temporary folder '%.200s': %s",
				      build->folder, strerror(errno));

		free(EUB_TAKE_PTR(build->folder));
		return r;
	}
	if (asprintf(&build->object, "%s/%s.bpf.o", build->folder, build->name) < 0) {
		build->object = NULL;
		return eub_error_no_memory(err);
	}
	return 0;
}

/* The words of clang's command line. Words that are made here are owned by @text. */
struct command_line {
	const char **words;
	size_t n;
	size_t cap;
	char **text;
	size_t n_text;
	bool has_failed;
};

static void add_word(struct command_line *line, const char *word)
{
	if (line->n + 1 >= line->cap) {
		size_t cap = line->cap * 2 + 32;
		const char **words = reallocarray(line->words, cap, sizeof(*words));

		if (!words) {
			line->has_failed = true;
			return;
		}
		line->words = words;
		line->cap = cap;
	}
	line->words[line->n++] = word;
	line->words[line->n] = NULL;
}

/* Adds a copy of the @n bytes at @word. */
static void add_copy(struct command_line *line, const char *word, size_t n)
{
	char **text = reallocarray(line->text, line->n_text + 1, sizeof(*text));

	if (text) {
		line->text = text;
		text[line->n_text] = strndup(word, n);
	}
	if (!text || !text[line->n_text]) {
		line->has_failed = true;
		return;
	}
	add_word(line, text[line->n_text++]);
}

static void command_line_done(struct command_line *line)
{
	for (size_t i = 0; i < line->n_text; i++)
		free(line->text[i]);
	free(line->text);
	free(line->words);
}

static void add_include(struct command_line *line, const char *option, const char *folder)
{
	add_word(line, option);
	add_word(line, folder);
}

static void add_split(struct command_line *line, const char *words)
{
	static const char blanks[] = " \t\n";

	for (words += strspn(words, blanks); *words; words += strspn(words, blanks)) {
		size_t n = strcspn(words, blanks);

		add_copy(line, words, n);
		words += n;
	}
}

static const char *get_include_folder(void)
{
	const char *folder = getenv("EUNOMIA_INCLUDE_DIR");

	return folder && *folder ? folder : EUNOMIA_INCLUDE_DIR;
}

static void fill_command_line(struct command_line *line, const struct build *build)
{
	static const char *const fixed[] = {
		"-g", "-O2", "-target", "bpf", "-mcpu=v3", TARGET_ARCH_FLAG,
	};
	const struct build_options *options = build->options;
	const char *slash = strrchr(options->source, '/');

	add_word(line, build->clang);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(fixed); i++)
		add_word(line, fixed[i]);
	for (size_t i = 0; i < options->include_dirs.n; i++)
		add_include(line, "-I", options->include_dirs.items[i]);
	add_word(line, "-I");
	if (slash)
		add_copy(line, options->source, (size_t)(slash - options->source) + 1);
	else
		add_word(line, ".");
	add_include(line, "-I", get_include_folder());
	/* <asm/types.h> of Debian stands here; clang does not look there for the bpf target. */
	add_include(line, "-idirafter", "/usr/include/" EUNOMIA_MULTIARCH);
	for (size_t i = 0; i < options->cflags.n; i++)
		add_split(line, options->cflags.items[i]);
	add_word(line, "-c");
	add_word(line, options->source);
	add_word(line, "-o");
	add_word(line, build->object);
}

static int compile(struct build *build, struct eun_error *err)
{
	struct command_line line = { 0 };
	int r;

	fill_command_line(&line, build);
	r = line.has_failed ? eub_error_no_memory(err) : process_run(build->clang, line.words, err);
	command_line_done(&line);
	if (r > 0)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "clang refused it with exit status %d", r);
	return r;
}

static int strip(struct build *build, struct eun_error *err)
{
	const char *const words[] = { build->strip, "-g", build->object, NULL };
	int r;

	if (!build->strip)
		return 0;
	r = process_run(build->strip, words, err);
	if (r > 0)
		return eun_error_set(err, -EIO, EUN_REASON_INTERNAL,
				     "'%s' ended with exit status %d", build->strip, r);
	return r;
}

static int pack(struct build *build, struct eun_error *err)
{
	_cleanup_(eub_freep) char *json = NULL;
	size_t size = 0;
	int r = eub_read_file(build->object, CTL_OBJECT_MAX_BYTES, &build->image);

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_IO, "cannot read clang's object: %s",
				     strerror(-r));
	r = eun_package_pack(build->image.data, build->image.len, build->name, &json, &size, err);
	if (r < 0)
		return r;
	r = eub_write_file_atomic(build->out_path, json, size, 0644);
	if (r < 0)
		return eun_error_set(
		    err, r, r == -EACCES || r == -EPERM ? EUN_REASON_PERMISSION : EUN_REASON_IO,
		    "cannot write '%.200s': %s", build->out_path, strerror(-r));
	return 0;
}

int build_package(const struct build_options *options, char **ret_path, const char **ret_remark,
		  struct eun_error *err)
{
	static int (*const steps[])(struct build * build, struct eun_error * err) = {
		choose_names, find_tools, make_folder, compile, strip, pack,
	};
	struct build build = { .options = options };
	int r = 0;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(steps) && r == 0; i++)
		r = steps[i](&build, err);
	if (r == 0) {
		*ret_path = EUB_TAKE_PTR(build.out_path);
		*ret_remark = build.strip ? NULL
					  : "no llvm-strip found: debug information stays in the "
					    "package";
	}
	build_done(&build);
	return r;
}
