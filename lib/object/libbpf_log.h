/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf's words, per thread. libbpf has one print hook for the whole process; ours keeps the
 * first warning of the calling thread, which names the cause, so that an error can quote it, and
 * passes every line on to the engine's debug callback.
 */
#pragma once

/* Installs the hook; @on_line (NULL: none) gets every line, on any thread. */
void eun__libbpf_log_install(void (*on_line)(const char *line, void *userdata), void *userdata);
/* Forgets the calling thread's warnings. */
void eun__libbpf_log_reset(void);
/* The calling thread's first warning since the reset, one line without "libbpf: "; "" if none. */
const char *eun__libbpf_log_first(void);
