/* SPDX-License-Identifier: Apache-2.0 */
/* Runs command lines in this process and keeps what they print. */
#pragma once

#include "ctl.h"

/* What a command line did; strings are terminated and owned. */
struct captured {
	enum ctl_exit status;
	char *out;
	size_t out_size;
	char *err;
};

/* Runs "eunomiactl WORDS"; @words ends with NULL. */
struct captured capture_ctl(const char *const *words);
/* Calls @fn with standard output and standard error redirected. */
struct captured capture_call(int (*fn)(void *userdata), void *userdata);
void captured_done(struct captured *captured);

/* capture_ctl() with the words as arguments. */
#define CAPTURE(...) capture_ctl((const char *const[]){ __VA_ARGS__, NULL })
