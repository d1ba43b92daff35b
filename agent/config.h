/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's settings: defaults, then eunomiad.conf, then the command line. config.def holds
 * every key; docs/configuration.md and eunomiad.conf(5) are made of it, and packaging/eunomiad.conf
 * is checked against it.
 */
#pragma once

#include "log.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_DEFAULT_PATH "/etc/eunomia/eunomiad.conf"

struct config {
	/* [Agent] */
	char *socket_path;
	uint64_t socket_mode; /* permission bits */
	char *socket_group;   /* group that owns the socket and may do everything */
	char *view_group;     /* group that may list, get and stream */
	char *state_dir;
	char *bpffs_dir;
	char *trackers_dir;
	char *trackers_conf_dir;
	uint64_t keep_on_stop; /* 0 or 1 */
	uint64_t log_level;    /* enum log_level */
	uint64_t event_delay_us;
	/* [Journal] */
	uint64_t journal_events; /* 0 or 1 */
	uint64_t journal_rate_limit;
	uint64_t journal_queue_bytes;
	uint64_t journal_queue_events;
	/* [Limits] */
	uint64_t max_connections;
	uint64_t max_connections_per_user;
	uint64_t max_slots;
	uint64_t keep_generations;
	uint64_t max_pending_starts;
	uint64_t max_event_streams;
	uint64_t stream_backlog_bytes;
	uint64_t slot_events_per_second; /* 0: no bound */
	uint64_t slot_bytes_per_second;	 /* 0: no bound */
	uint64_t max_ring_bytes;
	uint64_t event_budget;
};

enum config_type {
	CONFIG_BOOL,   /* uint64_t 0 or 1; yes, true, on, 1, no, false, off, 0 */
	CONFIG_UINT,   /* uint64_t within min and max */
	CONFIG_OCTAL,  /* uint64_t within min and max, written in octal */
	CONFIG_LEVEL,  /* uint64_t, an enum log_level, written as its name */
	CONFIG_PATH,   /* char *, absolute, between min and max bytes */
	CONFIG_STRING, /* char *, between min and max bytes */
	_CONFIG_TYPE_MAX,
};

struct config_key {
	const char *section;
	const char *name;
	enum config_type type;
	size_t offset; /* of the member in struct config */
	uint64_t min;
	uint64_t max;
	const char *fallback; /* the default, as it would be written in the file */
	bool is_reloadable;   /* SIGHUP applies it; else it needs a restart */
};

/* NULL when @i is past the end. */
const struct config_key *config_get_key(size_t i);
/* NULL if there is none. */
const struct config_key *config_find_key(const char *section, const char *name);

/**
 * config_init() - all keys at their defaults
 *
 * Return: 0; -ENOMEM.
 */
int config_init(struct config *config, struct eun_error *err);
void config_done(struct config *config);

/**
 * config_set() - set one key from text
 *
 * Return: 0; -EINVAL, -ERANGE (the message names the key and what it takes); -ENOMEM. On failure
 * the key keeps its value.
 */
int config_set(struct config *config, const struct config_key *key, const char *value,
	       struct eun_error *err);
#define CONFIG_RANGE_MAX 128 /* bytes that any key's range takes, with its terminator */

/* What @key takes, as "a number from 1 to 9"; cut to @size bytes with the terminator. */
void config_format_range(const struct config_key *key, char *ret_text, size_t size);
/* The value of a key that is no text. */
uint64_t config_get_number(const struct config *config, const struct config_key *key);
/* Whether @key has the same value in both. */
bool config_is_equal(const struct config *a, const struct config *b, const struct config_key *key);

/* Exchanges the values of @key. */
void config_swap(struct config *a, struct config *b, const struct config_key *key);

/* @line is "FILE:LINE: what is ignored". */
typedef void (*config_warning_fn)(void *userdata, const char *line);

/**
 * config_read() - read a configuration file over what @config holds
 *
 * Unknown keys and sections are told to @on_warning and ignored.
 *
 * Return: 0; -ENOENT if there is no such file; -EINVAL, -ERANGE with "FILE:LINE: ..." in @err;
 * other -errno of reading.
 */
int config_read(struct config *config, const char *path, config_warning_fn on_warning,
		void *userdata, struct eun_error *err);
