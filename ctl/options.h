/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the command line. One table of rows per command says what there is; parsing, --help
 * and shell completion are all driven by it.
 */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed words of the command line, in order. */
struct words {
	const char **items; /* owned array */
	size_t n;
};

/* A number that may be 0. */
struct number {
	bool is_given;
	uint64_t value;
};

/* Values of all options of all commands; those that a command lacks keep their zero. */
struct options {
	/* common */
	bool wants_help;
	bool wants_version;
	bool is_quiet;
	bool has_no_headers;
	const char *output; /* name of the output form, or NULL */
	const char *host;   /* address of the agent, or NULL */
	int64_t timeout_ms; /* 0: not given */
	/* start, run, check, swap */
	const char *name;      /* not swap */
	struct words settings; /* KEY=VALUE */
	struct words types;    /* STRUCT or MAP=STRUCT */
	struct words attach;   /* attach points */
	uint32_t ring_bytes;
	/* start, swap */
	uint64_t budget_events; /* a second; 0: not given */
	uint32_t budget_bytes;	/* a second; 0: not given */
	bool is_enabling;	/* start */
	/* swap, rollback */
	uint32_t expected_generation; /* 0: any */
	bool is_verbose;
	uint32_t to_generation; /* rollback; 0: the one before */
	const char *maps;	/* swap: name of a map policy, or NULL */
	int64_t probation_ms;	/* swap; 0: none */
	bool is_dry_run;	/* swap */
	/* events, run */
	uint64_t count; /* 0: no bound */
	/* events */
	struct number from;
	/* events, follow */
	int64_t reconnect_timeout_ms; /* 0: not given */
	bool is_not_reconnecting;
	/* follow */
	bool is_starting;
	bool is_stopping;
	int64_t interval_ms; /* 0: not given */
	/* logs */
	bool is_following;
	uint64_t lines; /* also report */
	const char *since;
	/* build */
	const char *out_path;
	struct words cflags;
	struct words include_dirs;
	const char *clang;
	/* completion */
	bool wants_slots;
	bool wants_trackers;
};

enum option_kind {
	OPTION_FLAG,	   /* bool, no argument */
	OPTION_STRING,	   /* const char * */
	OPTION_WORDS,	   /* struct words; may be given again */
	OPTION_COUNT,	   /* uint64_t, decimal, > 0 */
	OPTION_SIZE,	   /* uint32_t bytes, with k or M for 1024 and 1024^2 */
	OPTION_NUMBER,	   /* struct number, decimal */
	OPTION_GENERATION, /* uint32_t, decimal, > 0 */
	OPTION_DURATION,   /* int64_t ms, > 0: seconds as "2" or "0.5", or with a unit as "5m" */
	_OPTION_KIND_MAX,
};

/* What shell completion offers for an argument. */
enum complete {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_FOLDER,
	COMPLETE_SLOT,
	COMPLETE_SOURCE, /* files and installed trackers */
	COMPLETE_SLOT_OR_SOURCE,
	COMPLETE_MAPS, /* policies for maps in a swap */
	COMPLETE_SHELL,
	COMPLETE_COMMAND,
	COMPLETE_OUTPUT, /* output forms of the command */
	_COMPLETE_MAX,
};

/* One option. A table ends with a row whose name is NULL. */
struct option_row {
	const char *name;      /* without dashes */
	char short_name;       /* or '\0' */
	enum option_kind kind; /* type of the value */
	size_t offset;	       /* of the value in struct options */
	const char *argument;  /* "NAME" in help; NULL for OPTION_FLAG */
	enum complete complete;
	const char *help; /* one line */
};

#define OPTION_OFFSET(member) offsetof(struct options, member)

/* What options_parse() found beside options. */
struct arguments {
	struct words positional;
	const char *const *tail; /* words after "--"; borrowed */
	size_t n_tail;
};

enum options_flags {
	OPTIONS_STOP_AT_WORD = 1 << 0, /* end after the first positional word */
};

/**
 * options_parse() - read a command line
 * @argv:   @argc words, borrowed as long as @options and @arguments are used
 * @tables: @n_tables tables of rows; a name in an earlier one hides a later one
 * @flags:  of enum options_flags
 *
 * Options may stand before, between and after positional words, until "--".
 *
 * Return: the number of words read; -EINVAL with a "did you mean" hint; -ENOMEM.
 */
int options_parse(const char *const *argv, size_t argc, const struct option_row *const *tables,
		  size_t n_tables, unsigned int flags, struct options *options,
		  struct arguments *arguments, struct eun_error *err);
void options_done(struct options *options, struct arguments *arguments);

/* The row of the long option whose name is the @n bytes at @name, or NULL. */
const struct option_row *options_find(const struct option_row *const *tables, size_t n_tables,
				      const char *name, size_t n);
/* Appends "  -n, --name NAME   help" for each row that no other of @n_tables tables hides. */
void options_append_help(struct eub_buf *buf, const struct option_row *const *tables,
			 size_t n_tables);
